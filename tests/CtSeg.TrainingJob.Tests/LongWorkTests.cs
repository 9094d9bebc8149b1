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
            LongWork.Run(
                () =>
                {
                    using var tensor = empty(1L << 60);
                    return ExitCodes.Success;
                },
                "stopped").ShouldBe(ExitCodes.Failure);
        }
        finally
        {
            Console.SetError(before);
        }
        errors.ToString().ShouldBe(OutOfMemory.Message + Environment.NewLine);
    }

    [Fact]
    public void Given_AnotherFailureOfTheTensorLibrary_When_ItHappens_Then_ItIsNotTakenForALackOfMemory() =>
        Should.Throw<ExternalException>(() => LongWork.Run(
            () =>
            {
                using var one = zeros(2);
                using var two = one.reshape(3);
                return ExitCodes.Success;
            },
            "stopped"));
}
