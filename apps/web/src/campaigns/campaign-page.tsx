export const CampaignPage = () => null;
