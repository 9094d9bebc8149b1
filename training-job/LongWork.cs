using System.CommandLine;
using System.CommandLine.Invocation;
using CtSeg.Imaging;
using CtSeg.TrainingJob.Attention;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Training;
using CtSeg.TrainingJob.WeightFiles;

namespace CtSeg.TrainingJob;

/// <summary>
/// A verb that computes for minutes to days, on the thread that it is called on. A signal ends it between two steps, and whatever its user can do
/// something about ends it with a sentence instead of a trace.
/// </summary>
/// <param name="work">Answers its exit code.</param>
/// <param name="stopped">What is said where a signal ended it.</param>
internal sealed class LongWork(Func<ParseResult, CancellationToken, int> work, string stopped) : AsynchronousCommandLineAction
{
    public const string BeginsAnew = "Stopped; the same command begins anew.";

    public override Task<int> InvokeAsync(ParseResult parseResult, CancellationToken cancellationToken = default) =>
        Task.FromResult(Run(parseResult, cancellationToken));

    private int Run(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            return work(arguments, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine(stopped);
        }
        catch (Exception exception) when (OutOfMemory.Is(exception))
        {
            Console.Error.WriteLine(OutOfMemory.Message);
        }
        catch (Exception exception) when (exception is TrainingDataException or DeviceUnavailableException or TrainingDivergedException or WeightsFormatException
            or NonFiniteInputException or ModelFolderException or SliceRejectedException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(exception.Message);
        }
        return ExitCodes.Failure;
    }
}
