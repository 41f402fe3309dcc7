// A relying party on npm's `openid-client`, which the OpenID Foundation has certified: `node party.mjs` with ISSUER,
// CLIENT_ID, CLIENT_SECRET, PORT. It signs readers in at /, tells what it learnt at /callback, signs out at /logout.

import { createServer } from "node:http";
import * as openid from "openid-client";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT } = process.env;
const here = `http://127.0.0.1:${PORT}`;
const insecure = { execute: [openid.allowInsecureRequests] }; // loopback, in a test
const config = await openid.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, insecure);
let pending, tokens;

async function start() {
  pending = {
    pkceCodeVerifier: openid.randomPKCECodeVerifier(),
    expectedState: openid.randomState(),
    expectedNonce: openid.randomNonce(),
    maxAge: 3600,
    idTokenExpected: true,
  };
  return openid.buildAuthorizationUrl(config, {
    redirect_uri: `${here}/callback`,
    scope: "openid profile email",
    code_challenge: await openid.calculatePKCECodeChallenge(pending.pkceCodeVerifier),
    code_challenge_method: "S256",
    state: pending.expectedState,
    nonce: pending.expectedNonce,
    max_age: String(pending.maxAge),
  });
}

async function come_back(url) {
  const first = await openid.authorizationCodeGrant(config, url, pending);
  const claims = first.claims();
  const userinfo = await openid.fetchUserInfo(config, first.access_token, claims.sub);
  tokens = await openid.refreshTokenGrant(config, first.refresh_token);
  const introspection = await openid.tokenIntrospection(config, tokens.access_token);
  await openid.tokenRevocation(config, tokens.refresh_token);
  const after = await openid.tokenIntrospection(config, tokens.access_token);
  return { claims, userinfo, introspection, after };
}

createServer(async (request, response) => {
  const url = new URL(request.url, here);
  try {
    if (url.pathname === "/") return response.writeHead(302, { Location: (await start()).href }).end();
    if (url.pathname === "/logout") {
      const parameters = { id_token_hint: tokens.id_token, post_logout_redirect_uri: `${here}/bye` };
      return response.writeHead(302, { Location: openid.buildEndSessionUrl(config, parameters).href }).end();
    }
    const said = url.pathname === "/callback" ? await come_back(url) : { said: "bye" };
    response.writeHead(200, { "Content-Type": "text/plain" }).end(JSON.stringify(said));
  } catch (error) {
    response.writeHead(500, { "Content-Type": "text/plain" }).end(String(error.stack ?? error));
  }
}).listen(Number(PORT), "127.0.0.1", () => console.log("ready"));
