"""Copy the model's store into the database, and read it back."""

from bson import ObjectId

from tests.support.models.option_model import Json, Store
from tests.support.shop import Shop


def fill(shop: Shop, held: Store, wanted: Store) -> None:
    """Make the database hold `wanted` and nothing else; it holds `held` now."""
    for collection, now, then in [
        (shop.products, held.products, wanted.products),
        (shop.stock_updates, held.rows, wanted.rows),
    ]:
        wrong = [one for one in {**now, **then} if now.get(one) != then.get(one)]
        if doomed := [ObjectId(one) for one in wrong if one in now]:
            collection.delete_many({"_id": {"$in": doomed}})
        if missing := [document(one, then[one]) for one in wrong if one in then]:
            collection.insert_many(missing)


def document(one: str, fields: Json) -> Json:
    """Return a product or row as the database holds it."""
    ids = {name: ObjectId(fields[name]) for name in ["productId"] if name in fields}
    return {"_id": ObjectId(one)} | fields | ids


def stored(shop: Shop) -> Store:
    """Return all products and rows that the database holds."""
    products = {str(one.pop("_id")): one for one in shop.products.find()}
    rows = {
        str(one.pop("_id")): one | {"productId": str(one["productId"])}
        for one in shop.stock_updates.find()
    }
    return Store(products, rows)
