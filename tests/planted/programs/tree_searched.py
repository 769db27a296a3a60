"""Each reference searches the whole document for the element it means, which an index by name would know."""

import xml.etree.ElementTree as tree

from common import chores, planted, records


def document():
    root = tree.Element("shop")
    for row in records(4000):
        item = tree.SubElement(root, "item", id=str(row["id"]), name=row["name"])
        tree.SubElement(item, "price").text = str(row["price"])
    return tree.fromstring(tree.tostring(root))


def resolve(root, index, name):
    if planted():
        return root.find(f".//item[@id='{name}']")
    if not index:
        index.update((item.get("id"), item) for item in root.iter("item"))
    return index[name]


def main():
    root, index, total = document(), {}, 0
    for number in range(4000):
        total += int(resolve(root, index, str(number)).find("price").text)
        if number % 40 == 0:
            chores()
    print(total)


main()
