export const NewCampaignPage = () => null;
export const EditCampaignPage = () => null;
