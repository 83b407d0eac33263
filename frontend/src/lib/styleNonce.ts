/** What the server lets this page write styles under: nothing else may, neither a text nor an extension. */
export const styleNonce: string = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";

// Where react-remove-scroll, under dialogs, looks for it.
Object.assign(globalThis, { __webpack_nonce__: styleNonce });
