using System.CommandLine;
using System.Runtime.InteropServices;
using CtSeg.TrainingJob.Inference;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Tests;

[Collection(TorchCollection.Name)]
public sealed class LongWorkTests
{
    [Fact]
    public void Given_MoreMemoryThanThereIs_When_AskedFor_Then_TheWorkEndsWithASentence()
    {
        var (before, errors) = (Console.Error, new StringWriter());
        Console.SetError(errors);
        try
        {
            // More bytes than an address can name.
            Run(() => empty(1L << 60)).ShouldBe(ExitCodes.Failure);
        }
        finally
        {
            Console.SetError(before);
        }
        errors.ToString().ShouldBe(OutOfMemory.Message + Environment.NewLine);
    }

    [Fact]
    public void Given_AnotherFailureOfTheTensorLibrary_When_ItHappens_Then_ItIsNotTakenForALackOfMemory() =>
        Should.Throw<ExternalException>(() => Run(() => zeros(2).reshape(3)));

    private static int Run(Func<Tensor> make)
    {
        var work = new LongWork(
            (_, _) =>
            {
                using var scope = NewDisposeScope();
                make();
                return ExitCodes.Success;
            },
            "stopped");
        return new Command("work") { Action = work }.Parse([]).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }
}
