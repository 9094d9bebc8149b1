using System.CommandLine;
using CtSeg.TrainingJob.Erasure;

namespace CtSeg.TrainingJob.DataSets;

/// <summary>`ctseg-job data`: the training data in storage.</summary>
internal static class DataCommand
{
    /// <param name="setting">Looks a setting up; null when it is not set.</param>
    public static Command Create(Func<string, string?> setting, TimeProvider time)
    {
        var storage = new DataStorage(setting, time);
        return new Command("data", $"""
            The training data in storage: bring slices with their masks in, see what is there, and forget slices.

            {DataStorage.Help}
            """)
        {
            DataImportCommand.Create(storage),
            DataListCommand.Create(storage),
            DataShowCommand.Create(storage),
            DataForgetCommand.Create(storage),
        };
    }
}
