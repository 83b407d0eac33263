import { api, call } from "./client";
import { pagedQuery, type ReadPage } from "./paging";
import type { components } from "./schema";
import type { WebhookDelivery } from "./types";

export type NewWebhook = components["schemas"]["WebhookCreateRequest"];
export type WebhookChange = components["schemas"]["PatchedWebhookUpdateRequest"];

const one = (slug: string, id: number) => ({ params: { path: { slug, webhook_id: id } } });

export const webhooksQuery = (slug: string) =>
  pagedQuery(["project", slug, "webhooks", "list"], (page) =>
    call(api.GET("/api/projects/{slug}/webhooks", { params: { path: { slug }, query: page } })),
  );

export const addWebhook = (slug: string, body: NewWebhook) =>
  call(api.POST("/api/projects/{slug}/webhooks", { params: { path: { slug } }, body }));

export const changeWebhook = (slug: string, id: number, body: WebhookChange) =>
  call(api.PATCH("/api/projects/{slug}/webhooks/{webhook_id}", { ...one(slug, id), body }));

export const removeWebhook = (slug: string, id: number) =>
  call(api.DELETE("/api/projects/{slug}/webhooks/{webhook_id}", one(slug, id)));

export const renewSecret = (slug: string, id: number) =>
  call(api.POST("/api/projects/{slug}/webhooks/{webhook_id}/secret", one(slug, id)));

export const testWebhook = (slug: string, id: number) =>
  call(api.POST("/api/projects/{slug}/webhooks/{webhook_id}/test", one(slug, id)));

export const readDeliveries =
  (slug: string, id: number): ReadPage<WebhookDelivery> =>
  (page) =>
    call(
      api.GET("/api/projects/{slug}/webhooks/{webhook_id}/deliveries", {
        params: { path: { slug, webhook_id: id }, query: page },
      }),
    );

export const deliveriesQuery = (slug: string, id: number) =>
  pagedQuery(["project", slug, "webhooks", "deliveries", id], readDeliveries(slug, id));

export const redeliver = (slug: string, id: number, delivery: number) =>
  call(
    api.POST("/api/projects/{slug}/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver", {
      params: { path: { slug, webhook_id: id, delivery_id: delivery } },
    }),
  );
