import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { DirectionProvider, MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { Suspense } from "react";

import { LANGUAGES, useLanguage } from "@/lib/language";
import { later, useCalm } from "@/lib/later";
import { styleNonce } from "@/lib/styleNonce";

import { queryClient } from "./queryClient";
import { router } from "./router";
import { cssVariables, theme } from "./theme";

const Notices = later(() => import("./shell/Notices").then((module) => module.Notices), () => null);

/** Built anew in another language: whatever was written in the old one is written again. */
export function App() {
  const calm = useCalm();
  const language = useLanguage();
  return (
    <DirectionProvider key={language} initialDirection={LANGUAGES[language].direction} detectDirection={false}>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={cssVariables}
        defaultColorScheme="auto"
        getStyleNonce={() => styleNonce}
      >
        <I18nProvider i18n={i18n}>
          <QueryClientProvider client={queryClient}>
            <Suspense>{calm ? <Notices /> : null}</Suspense>
            <RouterProvider router={router} />
          </QueryClientProvider>
        </I18nProvider>
      </MantineProvider>
    </DirectionProvider>
  );
}
