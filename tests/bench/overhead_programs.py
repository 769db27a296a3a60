"""The programs that the benchmarks record. Each is a function that does so many units of work and is the same in every
call; a unit takes milliseconds."""


def _bodies():
    """Sun and four planets: [position, velocity, mass], any plausible numbers will do."""
    return [
        [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], 39.5],
        [[4.8, -1.2, -0.1], [0.6, 2.8, -0.03], 0.038],
        [[8.3, 4.1, -0.4], [-1.0, 1.8, 0.008], 0.011],
        [[12.9, -15.1, -0.2], [1.1, 0.9, -0.01], 0.0017],
        [[15.4, -25.9, 0.2], [1.0, 0.6, -0.03], 0.002],
    ]


def _advance(bodies, pairs, step):
    for (a, a_velocity, a_mass), (b, b_velocity, b_mass) in pairs:
        x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
        force = step / (x * x + y * y + z * z) ** 1.5
        for velocity, pull in ((a_velocity, -b_mass * force), (b_velocity, a_mass * force)):
            velocity[0] += x * pull
            velocity[1] += y * pull
            velocity[2] += z * pull
    for place, velocity, _ in bodies:
        place[0] += step * velocity[0]
        place[1] += step * velocity[1]
        place[2] += step * velocity[2]


def nbody(units):
    """Arithmetic in a few long-lived frames."""
    bodies = _bodies()
    pairs = [(a, b) for i, a in enumerate(bodies) for b in bodies[i + 1:]]
    for _ in range(units):
        for _ in range(100):
            _advance(bodies, pairs, 0.001)


def _fib(n):
    return n if n < 2 else _fib(n - 1) + _fib(n - 2)


def calls(units):
    """Nothing but calls and returns: the stack is another one every few dozen nanoseconds."""
    for _ in range(units):
        _fib(15)


PROGRAMS = {"nbody": nbody, "calls": calls}
