export const LeadsPage = () => null;
