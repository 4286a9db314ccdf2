/** The entry of `fake.html`: the same window as the app's, over a fake host. */
import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";
import "../../styles/tokens.css";
import "../../styles/base.css";

import { mount } from "svelte";

import App from "../../App.svelte";
import { setHost } from "../host";
import { fakeHostForBrowser } from "./index";

setHost(fakeHostForBrowser(location.search));

const target = document.getElementById("app");
if (target !== null) mount(App, { target });
