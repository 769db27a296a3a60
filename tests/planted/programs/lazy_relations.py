"""An object-relational mapper loads the lines of each order when they are looked at: a query for each order."""

import sqlalchemy
from sqlalchemy import orm

from common import chores, planted, records

Base = orm.declarative_base()


class Order(Base):
    """What was bought at a time."""

    __tablename__ = "orders"
    id = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
    customer = sqlalchemy.Column(sqlalchemy.String)
    lines = orm.relationship("Line")


class Line(Base):
    """One thing that was bought."""

    __tablename__ = "lines"
    id = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
    order_id = sqlalchemy.Column(sqlalchemy.ForeignKey("orders.id"), index=True)
    price = sqlalchemy.Column(sqlalchemy.Integer)


def fill(engine):
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        rows = records(7000)
        connection.execute(Order.__table__.insert(), [{"id": row["id"], "customer": row["name"]} for row in rows])
        connection.execute(Line.__table__.insert(), [{"order_id": row["id"], "price": row["price"]} for row in rows])


def total(session):
    orders = session.query(Order)
    if not planted():
        orders = orders.options(orm.selectinload(Order.lines))
    return sum(line.price for order in orders for line in order.lines)


def main():
    engine = sqlalchemy.create_engine("sqlite://")
    fill(engine)
    with orm.Session(engine) as session:
        chores(20)
        print(total(session))
    chores(20)
    engine.dispose()


main()
