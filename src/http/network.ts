import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const privateNetworks = new BlockList();
privateNetworks.addSubnet('10.0.0.0', 8, 'ipv4');
privateNetworks.addSubnet('172.16.0.0', 12, 'ipv4');
privateNetworks.addSubnet('192.168.0.0', 16, 'ipv4');
privateNetworks.addSubnet('169.254.0.0', 16, 'ipv4');
privateNetworks.addSubnet('fc00::', 7, 'ipv6');
privateNetworks.addSubnet('fe80::', 10, 'ipv6');

/** Whether an address is this machine's own. IPv4 mapped into IPv6 counts as IPv4. */
export function isLoopback(address: string | undefined): boolean {
  return inList(loopback, address);
}

/** Whether an address is this machine's or one of a private network. */
export function isPrivate(address: string | undefined): boolean {
  return isLoopback(address) || inList(privateNetworks, address);
}

/** Whether a configured listening address is reachable from this machine only. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || isLoopback(host);
}

function inList(list: BlockList, address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  const family = isIP(plain);
  return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}

/**
 * Whether a `Host` header is one that a stranger's domain cannot be: an IP address, this machine's names, a name
 * without a dot (a neighbour in a container network), or one that was configured. A page of a foreign domain that
 * resolves to us (DNS rebinding) comes with its own name.
 */
export function isOwnHost(header: string | undefined, allowed: readonly string[]): boolean {
  if (header === undefined) return false;
  const name = /^(\[[0-9a-f:.]+\]|[^:@/\\[\]]+)(:\d{1,5})?$/i.exec(header)?.[1]?.toLowerCase();
  if (name === undefined) return false;
  const bare = name.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isIP(bare) !== 0 || bare === 'localhost' || bare.endsWith('.localhost')) return true;
  return /^[a-z0-9_-]+$/.test(bare) || allowed.some((host) => host.toLowerCase() === bare);
}
