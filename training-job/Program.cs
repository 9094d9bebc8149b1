using System.CommandLine;
using CtSeg.TrainingJob;
using CtSeg.TrainingJob.Training;

var root = new RootCommand("CtSeg: trains and runs the model that segments COVID-19 lesions in chest CT.")
{
    TrainCommand.Create(),
};
var arguments = root.Parse(args);
return arguments.Errors.Count > 0 ? Math.Max(await arguments.InvokeAsync(), ExitCodes.Usage) : await arguments.InvokeAsync();
