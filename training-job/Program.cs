using System.CommandLine;
using CtSeg.TrainingJob;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Training;

var root = new RootCommand("CtSeg: trains and runs the model that segments COVID-19 lesions in chest CT.")
{
    TrainCommand.Create(),
    PredictCommand.Create(),
    NewModelCommand.Create(),
};
var arguments = root.Parse(args);
var exitCode = await arguments.InvokeAsync();
return arguments.Errors.Count > 0 ? ExitCodes.Usage : exitCode;
