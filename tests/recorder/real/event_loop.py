"""An aiohttp server and sixteen clients in one event loop: tasks, timeouts, a cancelled request, an error in a handler."""

import asyncio

from aiohttp import ClientSession, ClientTimeout, web


async def slow(request):
    await asyncio.sleep(float(request.match_info["seconds"]))
    return web.json_response({"slept": request.match_info["seconds"]})


async def fails(request):
    raise web.HTTPTeapot(text="no")


async def ask(session, url, number):
    answers = []
    for path in (f"/slow/0.0{number % 5}", "/fails", "/slow/0"):
        async with session.get(url + path) as answer:
            answers.append((answer.status, await answer.text()))
    return answers


async def main():
    application = web.Application()
    application.add_routes([web.get("/slow/{seconds}", slow), web.get("/fails", fails)])
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    async with ClientSession() as session:
        for answers in await asyncio.gather(*(ask(session, url, number) for number in range(16)), ask(session, url, 99)):
            print(answers)
        try:
            await session.get(f"{url}/slow/5", timeout=ClientTimeout(total=0.2))
        except asyncio.TimeoutError:
            print("timed out")
    await runner.cleanup()


asyncio.run(main())
