/** Whether a topic is one on which the instance sends commands: `DOMAIN/input_base_topic/UNIT/NAME/pepeunit`. */
export const isBaseTopic = (topic: string): boolean => topic.split('/')[1] === 'input_base_topic';
