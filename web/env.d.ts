// This file declares what Vite adds to the page, such as files imported by their address.
/// <reference types="vite/client" />
