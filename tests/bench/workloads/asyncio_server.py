"""An asyncio server at 30 requests a second, with SQLite in a thread pool; the client is another process."""

import asyncio
import functools
import json
import sqlite3
import sys
import tempfile
import threading

SECONDS = float(sys.argv[1])
LOCAL = threading.local()


def query(path, key):
    if not hasattr(LOCAL, "database"):
        LOCAL.database = sqlite3.connect(path)
    rows = LOCAL.database.execute("select name, value from items where value % 97 = ? limit 20", (key,)).fetchall()
    return json.dumps([{"name": name, "value": value} for name, value in rows])


async def serve(path, reader, writer):
    line = await reader.readline()
    answer = await asyncio.get_running_loop().run_in_executor(None, functools.partial(query, path, int(line)))
    writer.write(answer.encode() + b"\n")
    await writer.drain()
    writer.close()


CLIENT = """
import json, socket, sys, time
for number in range(int(float(sys.argv[2]) * 30)):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection, connection.makefile() as answer:
        connection.sendall(b"%d\\n" % (number % 97))
        json.loads(answer.readline())
    time.sleep(1 / 30)
"""


async def main():
    with tempfile.NamedTemporaryFile() as file:
        database = sqlite3.connect(file.name)
        database.execute("create table items (name text, value integer)")
        database.executemany("insert into items values (?, ?)", ((f"item {i}", i * i) for i in range(2000)))
        database.commit()
        server = await asyncio.start_server(functools.partial(serve, file.name), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = await asyncio.create_subprocess_exec(sys.executable, "-E", "-c", CLIENT, str(port), str(SECONDS))
        await client.wait()
        server.close()


asyncio.run(main())
