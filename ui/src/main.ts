import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";
import "./styles/tokens.css";
import "./styles/base.css";

import { mount } from "svelte";

import App from "./App.svelte";
import { setHost } from "./ipc/host";
import { tauriHost } from "./ipc/tauri";

setHost(tauriHost());

const target = document.getElementById("app");
if (target !== null) mount(App, { target });
