export const ContactPage = () => null;
