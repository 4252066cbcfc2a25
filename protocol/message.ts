import type { z } from "zod";

/** A message as data: its name and the schemas of what it carries. The transport is chosen by the two ends. */
export interface RequestMessage<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> {
  readonly kind: "request";
  readonly method: string;
  readonly about: string;
  readonly params: P;
  readonly result: R;
}

export interface NotificationMessage<P extends z.ZodType = z.ZodType> {
  readonly kind: "notification";
  readonly method: string;
  readonly about: string;
  readonly params: P;
}

export function request<P extends z.ZodType, R extends z.ZodType>(
  method: string,
  about: string,
  params: P,
  result: R,
): RequestMessage<P, R> {
  return { kind: "request", method, about, params, result };
}

export function notification<P extends z.ZodType>(method: string, about: string, params: P): NotificationMessage<P> {
  return { kind: "notification", method, about, params };
}

export type Params<M extends { params: z.ZodType }> = z.infer<M["params"]>;
export type Result<M extends RequestMessage> = z.infer<M["result"]>;

/** One handler for each request of a table; a missing or misspelt one is a compile error. */
export type RequestHandlers<T extends Record<string, RequestMessage | NotificationMessage>, Context> = {
  [K in keyof T as T[K] extends RequestMessage ? K : never]: T[K] extends RequestMessage
    ? (params: Params<T[K]>, context: Context) => Promise<Result<T[K]>> | Result<T[K]>
    : never;
};

/** One handler for each notification of a table. */
export type NotificationHandlers<T extends Record<string, RequestMessage | NotificationMessage>> = {
  [K in keyof T as T[K] extends NotificationMessage ? K : never]: T[K] extends NotificationMessage
    ? (params: Params<T[K]>) => void | Promise<void>
    : never;
};
