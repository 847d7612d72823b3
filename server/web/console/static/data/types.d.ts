/** What the queries return. Only the type checker reads this. */

export type Status = "PENDING" | "PROCESSING" | "COMPLETED" | "FAILED" | "CANCELLED";

export interface Connection<Node> {
  edges: { node: Node }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

export interface Publication {
  pending: number;
  published: number;
  failed: number;
}

export interface Batch {
  id: string;
  operationType: string;
  dryRun: boolean;
  status: Status;
  outcome: "ALL" | "PARTIAL" | "NONE" | null;
  totalItems: number;
  processedItems: number;
  successCount: number;
  failureCount: number;
  createdBy: string;
  createdAt: string;
  startedAt: string | null;
  completedAt: string | null;
  error: string | null;
  retryOf: string | null;
  alerts: { kind: string; message: string }[];
  publication: Publication | null;
}

export interface Options {
  atomic: boolean;
  continueOnError: boolean;
  validateBeforeWrite: boolean;
  batchSize: number;
  newPrice: number | null;
  expireIn: number | null;
  cascadeDelete: boolean | null;
}

export interface Point {
  time: string;
  processedItems: number;
  failedItems: number;
}

export interface Throughput {
  intervalMs: number;
  itemsPerSecond: number | null;
  remainingMs: number | null;
  points: Point[];
}

export interface Outcome {
  index: number;
  row: number | null;
  productId: string | null;
  success: boolean;
  message: string | null;
  oldStock: number | null;
  newStock: number | null;
  txId: string | null;
  publicationError: string | null;
  error: { code: string; message: string; path: string[]; retryable: boolean } | null;
}

export interface Product {
  id: string;
  name: string;
  price: number;
  stock: number;
  category: string;
  discontinued: boolean;
  createdAt: string;
  updatedAt: string;
  expiresAt: string | null;
}

export interface LedgerRow {
  id: string;
  quantity: number;
  timestamp: string;
  status: "PENDING" | "APPLIED" | "FAILED";
  error: string | null;
  code: string | null;
  reason: "ADJUSTMENT" | "DISCONTINUED";
  newStock: number | null;
  batchId: string | null;
  createdBy: string | null;
}

export interface Viewer {
  name: string;
  isAnonymous: boolean;
  role: "VIEWER" | "OPERATOR" | "ADMIN" | null;
  mayRead: boolean;
  mayChange: boolean;
  maySeeSystem: boolean;
}

export interface System {
  server: {
    version: string;
    pythonVersion: string;
    process: string;
    startedAt: string;
    uptimeSeconds: number;
    libraries: { name: string; version: string }[];
    settings: { name: string; value: string | null; isDefault: boolean; meaning: string }[];
  };
  database: {
    name: string;
    version: string;
    isEmbedded: boolean;
    replicaSet: string;
    primary: string | null;
    members: string[];
    pingMs: number;
  };
  queue: { waitingChunks: number; runningChunks: number; oldestSeconds: number; warning: string | null };
  workers: { name: string; seenAt: string; isAlive: boolean; leftAt: string | null }[];
}
