/** Secrets of several shapes: a token, a key in base64, words of other alphabets, and what is like an encoding. */
export const canaries = [
  'eyJhbGciOiJIUzI1NiJ9.eyJ1dWlkIjoiY2FuYXJ5In0.q8-_Zc4nArYsIgNaTuReOfToKeN',
  'K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=',
  'Пароль "до́м"\\ 🔑\tkey',
  'pässwörd%41 100%+1',
];
