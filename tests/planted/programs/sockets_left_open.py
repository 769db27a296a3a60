"""Each question goes over a connection of its own, which is not closed."""

import socket
import socketserver
import threading

from common import chores, planted

kept = []


class Echo(socketserver.BaseRequestHandler):
    """Answers once."""

    def handle(self):
        self.request.sendall(self.request.recv(100).upper())


def connect(address):
    return socket.create_connection(address)


def ask(address, text, kept):
    connection = connect(address)
    connection.sendall(text.encode())
    answer = connection.recv(100)
    if planted():
        kept.append(connection)
    else:
        connection.close()
    return answer


def main():
    with socketserver.TCPServer(("127.0.0.1", 0), Echo) as server:
        server.request_queue_size = 20
        threading.Thread(target=server.serve_forever, name="server").start()
        for number in range(120):
            ask(server.server_address, f"question {number}", kept)
            chores()
        server.shutdown()
    print(len(kept))


main()
