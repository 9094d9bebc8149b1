using System.CommandLine;
using CtSeg.TrainingJob.Bench;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.CrossValidation;
using CtSeg.TrainingJob.DataSets;
using CtSeg.TrainingJob.Evaluation;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.InputCheck;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Robustness;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Tests;

public sealed class PathOptionTests
{
    private static readonly RootCommand Job = new()
    {
        TrainCommand.Create(), CrossValidateCommand.Create(), EvaluateCommand.Create(), RobustnessCommand.Create(), InputCheckCommand.Create(), PredictCommand.Create(),
        NewModelCommand.Create(), DataCommand.Create(_ => null, TimeProvider.System), ModelsCommand.Create(), BenchCommand.Create(),
        ConsumeCommand.Create(_ => throw new NotSupportedException(), _ => throw new NotSupportedException()),
    };

    [Theory]
    [InlineData("train --hold-out 0", "--data", "--out", "--from", "--scored-by")]
    [InlineData("cross-validate", "--data", "--out", "--tables")]
    [InlineData("evaluate", "--data", "--model", "--json", "--overlays")]
    [InlineData("robustness", "--data", "--model", "--out")]
    [InlineData("input-check", "--pictures", "--data")]
    [InlineData("input-check --data somewhere", "--model", "--json")]
    [InlineData("predict", "--out", "--model")]
    [InlineData("new-model", "--out")]
    [InlineData("data show 0123456789abcdef", "--overlay")]
    [InlineData("data import images.nii masks.nii", "--groups")]
    [InlineData("models compare a b", "--data", "--trusted-keys")]
    [InlineData("models sign v", "--key")]
    [InlineData("models keygen", "--out")]
    [InlineData("models trained-on", "--data", "--model")]
    [InlineData("bench predict", "--json", "--slices", "--model")]
    [InlineData("bench attention", "--plot")]
    [InlineData("consume", "--model", "--state")]
    public void Given_AnEmptyPath_When_TheCommandLineIsRead_Then_TheOptionIsNamed(string verb, params string[] options)
    {
        foreach (var option in options)
        {
            foreach (var path in new[] { "", " " })
                ErrorsOf([.. verb.Split(' '), option, path]).ShouldContain($"{option} is empty: give a path.");
            ErrorsOf([.. verb.Split(' '), option, "somewhere"]).ShouldNotContain(error => error.Contains("is empty", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("predict", "IN")]
    [InlineData("models publish", "FOLDER")]
    [InlineData("data import", "FOLDER | IMAGES MASKS")]
    public void Given_AnEmptyPathAsArgument_When_TheCommandLineIsRead_Then_TheArgumentIsNamed(string verb, string argument) =>
        ErrorsOf([.. verb.Split(' '), ""]).ShouldContain($"{argument} is empty: give a path.");

    private static IEnumerable<string> ErrorsOf(string[] arguments) => Job.Parse(arguments).Errors.Select(error => error.Message);
}
