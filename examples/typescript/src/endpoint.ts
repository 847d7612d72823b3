/** Where the server is. */
export const ENDPOINT = process.env['STOCKBATCH_URL'] ?? 'http://127.0.0.1:8000/graphql';
