// Where the server is; the client adds /api/mutation and /api/query.
export const ADDRESS = process.env.CONVEX_URL ?? "http://127.0.0.1:8000";
