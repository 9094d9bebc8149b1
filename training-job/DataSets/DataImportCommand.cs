using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using CtSeg.DataSets;
using CtSeg.Imaging;

namespace CtSeg.TrainingJob.DataSets;

/// <summary>`ctseg-job data import`: a data folder, or a pair of NIfTI-1 volumes, becomes training data.</summary>
internal static class DataImportCommand
{
    private static readonly Argument<string[]> What = new Argument<string[]>("FOLDER | IMAGES MASKS") { Arity = new ArgumentArity(1, 2), Description = "A data folder (images/, masks/, slices.csv), or two NIfTI-1 files (.nii, .nii.gz): images in Hounsfield units and masks with the classes 0 to 3." }.AcceptNoEmptyPath();
    private static readonly Option<string> GroupColumn = new("--group-column") { DefaultValueFactory = _ => "group", Description = "Column of slices.csv, or of the file of --groups, that says which slices may show one patient." };
    private static readonly Option<string?> Groups = PathOption.Create("--groups", "For volumes: a table (CSV) with the columns slice (1 is the first) and group.");
    private static readonly Option<string?> Group = new("--group") { CustomParser = ParseGroup, Description = "For volumes: the group of all slices, where they are of one patient." };
    private static readonly Option<int> Rotate = new("--rotate") { CustomParser = ParseDegrees, DefaultValueFactory = _ => 0, Description = "For volumes, in place of what they say of their orientation: degrees clockwise, 0, 90, 180 or 270. As stored, the first axis of the file runs along a row, the second downwards." };
    private static readonly Option<bool> Flip = new("--flip") { Description = "For volumes, in place of what they say of their orientation: turn the slices upside down before they are rotated." };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Say what would change, and write nothing." };

    public static Command Create(DataStorage storage)
    {
        var command = new Command("import", $"""
            Bring labelled slices into the training data. The same again changes nothing; another mask or group for a slice replaces
            the old one. Slices that cannot be used are refused with a reason, and the others are imported.

            {DataStorage.Help}

            Of volumes, Hounsfield units become grey through the window of {HounsfieldWindow.Training.Black} to {HounsfieldWindow.Training.White} HU.
            Every slice of a volume is a group of its own unless --groups or --group says otherwise: slices of one patient must share
            a group, or the model is judged by patients that it has seen.
            Slices are turned to how CT slices are looked at (the patient's front above, the patient's right on the left), by the
            orientation in the files (sform, else qform; that of the images where the masks have none). Where neither file has one they
            stay as stored, and where it is wrong, --rotate and --flip replace it: look at one (data show ID --overlay FILE), since a
            model learns nothing from slices that lie otherwise than those it segments. Importing again with another turn replaces them.

            The public 100 slices of MedSeg (tr_im.nii.gz, tr_mask.nii.gz): import them as in the second example, with a table of the
            slices that are of one patient; look at the first, and import them again with a turn if it does not lie upright.

            Ends with 0 when all slices are in, with 1 when some or all were refused, with 2 when the command line is wrong.

            Examples:
              data import DATA --dry-run
              data import tr_im.nii.gz tr_mask.nii.gz --groups patients.csv
              data import scan.nii mask.nii --group patient-7 --rotate 90
            """)
        {
            What, GroupColumn, Groups, Group, Rotate, Flip, DryRun,
        };
        command.Validators.Add(result =>
        {
            var (files, forVolumes) = (result.GetValue(What) ?? [], new Option[] { Groups, Group, Rotate, Flip });
            if (files.Length == 1 && forVolumes.FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } option)
                result.AddError($"{option.Name} is for two volumes: a data folder has its groups in slices.csv and its pictures upright.");
            if (result.GetValue(Groups) is not null && result.GetValue(Group) is not null)
                result.AddError($"Give {Groups.Name} or {Group.Name}, not both.");
        });
        command.SetAction((arguments, cancellationToken) => storage.RunAsync(arguments, (store, _) => RunAsync(arguments, store, storage.Time, cancellationToken)));
        return command;
    }

    private static int ParseDegrees(ArgumentResult result)
    {
        if (!int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var degrees) || !PictureTurn.Angles.Contains(degrees))
            result.AddError($"--rotate can be {string.Join(", ", PictureTurn.Angles)}.");
        return degrees;
    }

    private static string? ParseGroup(ArgumentResult result)
    {
        var group = result.Tokens[0].Value;
        if (!NewSlice.IsName(group))
            result.AddError($"--group must have 1 to {NewSlice.MaxNameLength} characters, and no control characters.");
        return group;
    }

    private static async Task<int> RunAsync(ParseResult arguments, DataSetStore store, TimeProvider time, CancellationToken cancellationToken)
    {
        var (output, errors) = (arguments.InvocationConfiguration.Output, arguments.InvocationConfiguration.Error);
        var dryRun = arguments.GetValue(DryRun);
        using var source = Open(arguments, time);
        foreach (var warning in source.Warnings)
            await errors.WriteLineAsync($"WARNING: {warning}");
        ImportSummary summary = new(0, 0, 0, 0);
        try
        {
            await ImportDisplay.ShowAsync(
                async progress =>
                {
                    var import = new SliceImport(store, progress);
                    try
                    {
                        await import.RunAsync(source, dryRun, cancellationToken);
                    }
                    finally
                    {
                        summary = import.Summary;
                    }
                },
                output, errors);
        }
        finally
        {
            await output.WriteLineAsync(Describe(summary, source.Count, dryRun));
        }
        return summary.Refused == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static ImportSource Open(ParseResult arguments, TimeProvider time) => arguments.GetValue(What) switch
    {
        [var images, var masks] => VolumeImport.Open(
            images, masks,
            new VolumeImportOptions(
                TurnOf(arguments), arguments.GetValue(Groups), arguments.GetValue(Group), arguments.GetValue(GroupColumn)!),
            time),
        var folder => FolderImport.Open(folder![0], arguments.GetValue(GroupColumn)!, time),
    };

    /// <returns>Null where the files decide.</returns>
    private static PictureTurn? TurnOf(ParseResult arguments) =>
        new Option[] { Rotate, Flip }.Any(option => arguments.GetResult(option) is { Implicit: false })
            ? new PictureTurn(arguments.GetValue(Rotate), arguments.GetValue(Flip))
            : null;

    private static string Describe(ImportSummary summary, int count, bool dryRun)
    {
        var counts = $"{summary.Added} added, {summary.Replaced} replaced, {summary.Unchanged} unchanged, {summary.Refused} refused";
        var rest = count > summary.Slices ? $"; {count - summary.Slices} of {count} slices were not reached, the same command goes on" : "";
        return dryRun ? $"{counts}{rest} (dry run: nothing was written)" : $"{counts}{rest}";
    }
}
