// The passwords of a page.

import { help } from "./secrets.js";

for (const field of document.querySelectorAll("input[data-show]")) help(field);
