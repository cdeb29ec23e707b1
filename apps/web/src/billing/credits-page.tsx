export const CreditsPage = () => null;
