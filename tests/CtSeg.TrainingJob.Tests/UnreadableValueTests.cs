namespace CtSeg.TrainingJob.Tests;

/// <summary>Values that cannot be read, typed to the program itself.</summary>
public sealed class UnreadableValueTests
{
    [Theory]
    [InlineData("many", "train", "--data", "x", "--out", "y", "--epochs", "many")]
    [InlineData("--from", "train", "--data", "x", "--out", "y", "--from")]
    [InlineData("many", "evaluate", "--data", "x", "--worst", "many")]
    [InlineData("hot", "evaluate", "--data", "x", "--temperature", "hot")]
    [InlineData("--pictures", "input-check", "--pictures")]
    public async Task Given_AValueThatCannotBeRead_When_TheJobIsCalled_Then_OneSentenceNamesIt(string named, params string[] arguments)
    {
        using var job = new JobProcess(arguments);
        var (exitCode, output, errors) = await job.EndsAnyhowAsync();
        exitCode.ShouldBe(ExitCodes.Usage);
        output.ShouldBeEmpty();
        errors.Trim().ShouldContain(named);
        errors.Trim().ShouldNotContain('\n');
    }
}
