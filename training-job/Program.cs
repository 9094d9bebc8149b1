using System.CommandLine;
using System.CommandLine.Invocation;
using CtSeg.Contracts;
using CtSeg.ServiceBus;
using CtSeg.TrainingJob;
using CtSeg.TrainingJob.Bench;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.CrossValidation;
using CtSeg.TrainingJob.DataSets;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.InputCheck;
using CtSeg.TrainingJob.Letters;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Retraining;
using CtSeg.TrainingJob.Robustness;
using CtSeg.TrainingJob.Training;

if (!args.Contains(ModelProcess.NaiveFlag))
    HeapMemory.Keep();
var root = new RootCommand("CtSeg: trains and runs the model that segments COVID-19 lesions in chest CT.")
{
    TrainCommand.Create(),
    CrossValidateCommand.Create(),
    EvaluateCommand.Create(),
    RobustnessCommand.Create(),
    InputCheckCommand.Create(),
    PredictCommand.Create(),
    NewModelCommand.Create(),
    DataCommand.Create(JobConnections.Lookup, TimeProvider.System),
    ModelsCommand.Create(),
    BenchCommand.Create(),
    RetrainCommand.Create(),
    TrainingRunsCommand.Create(),
    DeadLettersCommand.Create(),
    SettingsCommand.Create(),
    ConsumeCommand.Create(setting => ServiceBusConnection.Open(Connections.ServiceBus, setting), TorchSegmenter.Load),
};
ParseResult arguments;
try
{
    arguments = root.Parse(args);
}
// A check of several options read one whose value cannot be read, before the parser said so itself; in the same words.
catch (InvalidOperationException unreadable)
{
    Console.Error.WriteLine(unreadable.Message);
    return ExitCodes.Usage;
}
var invocation = new InvocationConfiguration();
// What is wrong is said in a line or two; below a page of help nobody sees it.
if (arguments.Action is ParseErrorAction mistake)
    mistake.ShowHelp = false;
using var signals = arguments.Action is LongWork ? new StopSignals() : null;
// The default ends a process two seconds after a signal, and one that computes by an exception at the second: these two, too, handle signals themselves.
if (signals is not null || arguments.CommandResult.Command.Name is "consume" or "retrain")
    invocation.ProcessTerminationTimeout = null;
using var said = signals?.Stopping.Register(() => Console.Error.WriteLine("Stopping; a second signal does not wait for the step that is being done."));
var exitCode = await arguments.InvokeAsync(invocation, signals?.Stopping ?? CancellationToken.None);
return arguments.Errors.Count > 0 ? ExitCodes.Usage : exitCode;
