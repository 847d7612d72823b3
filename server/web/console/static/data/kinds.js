/** The kinds of batch, and what a file of each has. A test compares this table with the server's. */

/**
 * @typedef {{ name: string, label: string, isNumber?: boolean, isRequired?: boolean, about?: string }} Column
 * @typedef {{ name: "newPrice" | "cascadeDelete", label: string, about: string, isFlag?: boolean }} KindOption
 * @typedef {{ constant: string, path: string, title: string, verb: string, columns: Column[], options: KindOption[] }} Kind
 */

/** @type {Column} */
const PRODUCT_ID = { name: "productId", label: "Product id", isRequired: true };

/** @type {Kind[]} */
export const KINDS = [
  {
    constant: "UPDATE_STOCK",
    path: "update-stock",
    title: "Stock update",
    verb: "Change stock",
    columns: [
      PRODUCT_ID,
      { name: "quantity", label: "Quantity", isNumber: true, isRequired: true, about: "pieces to add; negative to remove" },
      { name: "expectedStock", label: "Expected stock", isNumber: true, about: "the stock must be this just before" },
    ],
    options: [],
  },
  {
    constant: "DISCONTINUE_PRODUCTS",
    path: "discontinue-products",
    title: "Discontinuation",
    verb: "Discontinue products",
    columns: [PRODUCT_ID],
    options: [],
  },
  {
    constant: "UPDATE_PRICE",
    path: "update-price",
    title: "Price update",
    verb: "Give products one new price",
    columns: [PRODUCT_ID],
    options: [{ name: "newPrice", label: "New price", about: "in whole cents, for all the products of the file" }],
  },
  {
    constant: "CREATE_PRODUCTS",
    path: "create-products",
    title: "New products",
    verb: "Create products",
    columns: [
      { name: "id", label: "Id", about: "left out, the server makes one" },
      { name: "name", label: "Name", isRequired: true },
      { name: "price", label: "Price", isNumber: true, isRequired: true, about: "in whole cents" },
      { name: "stock", label: "Stock", isNumber: true, isRequired: true },
      { name: "category", label: "Category", isRequired: true },
      { name: "discontinued", label: "Discontinued", about: "true or false" },
    ],
    options: [],
  },
  {
    constant: "UPDATE_PRODUCTS",
    path: "update-products",
    title: "Product update",
    verb: "Change names, prices, categories",
    columns: [
      PRODUCT_ID,
      { name: "name", label: "Name" },
      { name: "price", label: "Price", isNumber: true, about: "in whole cents" },
      { name: "category", label: "Category" },
    ],
    options: [],
  },
  {
    constant: "DELETE_PRODUCTS",
    path: "delete-products",
    title: "Deletion",
    verb: "Delete products",
    columns: [PRODUCT_ID, { name: "cascadeDelete", label: "With ledger", about: "true deletes the ledger rows, too" }],
    options: [{ name: "cascadeDelete", label: "Delete their ledger rows, too", about: "for all products of the file", isFlag: true }],
  },
];

/**
 * @param {string} constant
 * @returns {Kind}
 */
export function kindOf(constant) {
  const found = KINDS.find((kind) => kind.constant === constant);
  if (!found) throw new Error(`There is no kind ${constant}`);
  return found;
}
