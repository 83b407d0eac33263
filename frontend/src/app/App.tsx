import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { Suspense } from "react";

import { later, useCalm } from "@/lib/later";

import { queryClient } from "./queryClient";
import { router } from "./router";
import { cssVariables, theme } from "./theme";

const Notices = later(() => import("./shell/Notices").then((module) => module.Notices), () => null);

export function App() {
  const calm = useCalm();
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <Suspense>{calm ? <Notices /> : null}</Suspense>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
