import { Page } from "@/components/Page";
export function ModelPage() { return <Page title="ModelPage">…</Page>; }
