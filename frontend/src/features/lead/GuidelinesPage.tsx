import { Page } from "@/components/Page";
export function GuidelinesPage() { return <Page title="GuidelinesPage">…</Page>; }
