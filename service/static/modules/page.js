// What a page of ours does by script: helps with passwords, and asks for passkeys.

import { help } from "./secrets.js";
import { offerPasskeys } from "./passkeys.js";

for (const field of document.querySelectorAll("input[data-show]")) help(field);
for (const form of document.querySelectorAll("form[data-passkey]")) offerPasskeys(form);
