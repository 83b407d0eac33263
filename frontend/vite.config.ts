import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

import { transformAsync } from "@babel/core";
import macros from "@lingui/babel-plugin-lingui-macro";
import { lingui } from "@lingui/vite-plugin";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const backend = process.env.PLUMBLINE_BACKEND ?? "http://127.0.0.1:8000";

/** Writes a .gz and a .br beside each script and style, which the server hands out as they are. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    async writeBundle({ dir }, bundle) {
      for (const [name, file] of Object.entries(bundle)) {
        if (!dir || !/\.(js|css)$/.test(name)) continue;
        const content = file.type === "chunk" ? file.code : file.source;
        await writeFile(join(dir, `${name}.gz`), gzipSync(content, { level: 9 }));
        await writeFile(join(dir, `${name}.br`), brotliCompressSync(content));
      }
    },
  };
}

/** Turns what is marked for translation into the id of its message. */
function marked(): Plugin {
  return {
    name: "marked-for-translation",
    enforce: "pre",
    transform: {
      filter: { id: /\.tsx?$/, code: /@lingui\/(core|react)\/macro/ },
      async handler(code, id) {
        const done = await transformAsync(code, {
          filename: id,
          babelrc: false,
          configFile: false,
          sourceMaps: true,
          parserOpts: { plugins: id.endsWith("x") ? ["typescript", "jsx"] : ["typescript"] },
          plugins: [macros],
        });
        return done?.code ? { code: done.code, map: done.map ?? null } : null;
      },
    },
  };
}

export default defineConfig({
  plugins: [marked(), lingui({ failOnMissing: true, failOnCompileError: true }), react(), compressed()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  // The server puts a nonce of its own into each page in place of this.
  html: { cspNonce: "PAGE_NONCE" },
  build: {
    assetsDir: "assets",
    // No data: addresses, so that a strict content security policy holds.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": backend, "/ws": { target: backend, ws: true } },
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"], setupFiles: ["src/lib/language.ts"] },
});
