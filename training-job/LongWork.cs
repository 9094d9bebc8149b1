using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.Training;
using CtSeg.TrainingJob.WeightFiles;

namespace CtSeg.TrainingJob;

/// <summary>Work of minutes to days: whatever its user can do something about ends it with a sentence instead of a trace.</summary>
internal static class LongWork
{
    /// <param name="work">Answers its exit code.</param>
    /// <param name="stopped">What is said where a signal ended it.</param>
    public static int Run(Func<int> work, string stopped)
    {
        try
        {
            return work();
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
            or ModelFolderException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(exception.Message);
        }
        return ExitCodes.Failure;
    }
}
