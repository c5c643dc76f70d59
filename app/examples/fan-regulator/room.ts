/** A simulated room: a heater warms it, the fan brings in cool air. */
export interface Room {
  /** Advances the room by one second. @param duty Duty of the fan, percent. @returns Temperature, degrees Celsius. */
  step(duty: number): number;
}

const outsideCelsius = 18;
const heaterCelsiusPerSecond = 0.6;
const coolingPerSecond = 0.06;

export const createRoom = (startCelsius = 22): Room => {
  let celsius = startCelsius;
  return {
    step: (duty) => {
      const cooling = (celsius - outsideCelsius) * (0.01 + (coolingPerSecond * duty) / 100);
      celsius += heaterCelsiusPerSecond - cooling;
      return Math.round(celsius * 100) / 100;
    },
  };
};
