export const NewAgentPage = () => null;
export const AgentPage = () => null;
