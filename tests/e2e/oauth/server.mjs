// A real OAuth 2 server on loopback: PKCE, device grant, rotating refresh tokens, revocation.
// usage: node server.mjs NODE_MODULES PORT; ACCESS_TTL in seconds from the environment.
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const [modules, port] = [process.argv[2], Number(process.argv[3])];
const { default: Provider } = await import(
  pathToFileURL(path.join(modules, 'oidc-provider/lib/index.js'))
);
const open = { application_type: 'native', token_endpoint_auth_method: 'none' };
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      ...open,
      client_id: 'browser',
      redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
    {
      ...open,
      client_id: 'device',
      redirect_uris: [],
      response_types: [],
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    },
  ],
  pkce: { required: () => true },
  features: {
    deviceFlow: { enabled: true },
    devInteractions: { enabled: true },
    revocation: { enabled: true },
  },
  ttl: {
    AccessToken: Number(process.env.ACCESS_TTL || 600),
    AuthorizationCode: 30,
    DeviceCode: 120,
    RefreshToken: 3600,
    IdToken: 60,
    Session: 600,
    Interaction: 600,
    Grant: 3600,
  },
  rotateRefreshToken: true,
  issueRefreshToken: async () => true,
  cookies: { keys: ['test'] },
  findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
});
provider.listen(port, '127.0.0.1', () => console.log('ready'));
