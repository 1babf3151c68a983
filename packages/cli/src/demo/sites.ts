import { normal, randomFrom } from "./random.ts";

/** A hospital or clinic that takes part in the demo. The institutions are invented; the cities are where they say. */
export interface Site {
  readonly id: string;
  readonly city: string;
  /** ISO 3166 code of two letters. */
  readonly country: string;
  /** Degrees north. */
  readonly lat: number;
  /** Degrees east. */
  readonly lng: number;
}

/** Where the demo's server stands. */
export const SERVER = {
  city: "Geneva",
  country: "CH",
  lat: 46.2044,
  lng: 6.1432,
} as const;

/** Neighbours in the list lie on different continents, so that a few sites are spread as well as all of them. */
const SITES: readonly Site[] = [
  site("spree-university-hospital", "Berlin", "DE", 52.52, 13.405),
  site("table-mountain-clinic", "Cape Town", "ZA", -33.9249, 18.4241),
  site("riverbend-general", "Chicago", "US", 41.8781, -87.6298),
  site("sumida-medical-center", "Tokyo", "JP", 35.6762, 139.6503),
  site("hospital-rio-da-prata", "Buenos Aires", "AR", -34.6037, -58.3816),
  site("harbourview-hospital", "Sydney", "AU", -33.8688, 151.2093),
  site("lagoon-teaching-hospital", "Lagos", "NG", 6.5244, 3.3792),
  site("hopital-des-quais", "Paris", "FR", 48.8566, 2.3522),
  site("marina-bay-clinic", "Singapore", "SG", 1.3521, 103.8198),
  site("clinica-serra-azul", "São Paulo", "BR", -23.5505, -46.6333),
  site("northshore-health", "Toronto", "CA", 43.6532, -79.3832),
  site("gateway-institute-of-medicine", "Mumbai", "IN", 19.076, 72.8777),
  site("hospital-del-retiro", "Madrid", "ES", 40.4168, -3.7038),
  site("highlands-referral-hospital", "Nairobi", "KE", -1.2921, 36.8219),
  site("hospital-reforma", "Mexico City", "MX", 19.4326, -99.1332),
  site("han-river-medical-center", "Seoul", "KR", 37.5665, 126.978),
  site("soder-hospital", "Stockholm", "SE", 59.3293, 18.0686),
  site("delta-university-clinics", "Cairo", "EG", 30.0444, 31.2357),
  site("bayside-childrens-hospital", "San Francisco", "US", 37.7749, -122.4194),
  site("clinica-mapocho", "Santiago", "CL", -33.4489, -70.6693),
  site("bosphorus-heart-center", "Istanbul", "TR", 41.0082, 28.9784),
  site("thameside-infirmary", "London", "GB", 51.5074, -0.1278),
  site("chao-phraya-hospital", "Bangkok", "TH", 13.7563, 100.5018),
  site("waitemata-hospital", "Auckland", "NZ", -36.8509, 174.7645),
];

/** How many sites are listed; further ones are made up around them. */
export const NUM_LISTED_SITES: number = SITES.length;

/** The first `count` sites of a seed. */
export function sitesOf(seed: number, count: number): Site[] {
  const sites = SITES.slice(0, count);
  for (let index = sites.length; index < count; index++) {
    const base = SITES[index % SITES.length];
    if (base !== undefined) sites.push(branch(base, Math.floor(index / SITES.length) + 1, seed));
  }
  return sites;
}

/** A further site around a listed one, some tens of kilometres away. */
function branch(base: Site, number: number, seed: number): Site {
  const id = `${base.id}-${number}`;
  const random = randomFrom(seed, "branch", id);
  return {
    ...base,
    id,
    lat: round4(base.lat + 0.2 * normal(random)),
    lng: round4(base.lng + 0.2 * normal(random)),
  };
}

function round4(degrees: number): number {
  return Math.round(degrees * 1e4) / 1e4;
}

function site(id: string, city: string, country: string, lat: number, lng: number): Site {
  return { id, city, country, lat, lng };
}
