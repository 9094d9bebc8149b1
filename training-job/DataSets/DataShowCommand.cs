using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Imaging;
using CtSeg.Preprocessing;
using CtSeg.Segmentation;
using Spectre.Console;

namespace CtSeg.TrainingJob.DataSets;

/// <summary>`ctseg-job data show`: one slice of the training data.</summary>
internal static class DataShowCommand
{
    private static readonly Argument<ScanId> Id = new("ID") { CustomParser = ParseId, Description = "Of the slice, 16 hexadecimal characters; `data list --slices` tells it." };
    private static readonly Option<bool> Json = new("--json") { Description = "As JSON on standard output, and nothing else there." };
    private static readonly Option<string?> OverlayFile = PathOption.Create("--overlay", "PNG file to write: the slice with its mask drawn over it.");

    public static Command Create(DataStorage storage)
    {
        var command = new Command("show", $"""
            Show one slice of the training data: where it comes from, its group, what its mask holds.

            {DataStorage.Help}

            Example:
              data show 0123456789abcdef --overlay slice.png
            """)
        {
            Id, Json, OverlayFile,
        };
        command.SetAction((arguments, cancellationToken) => storage.RunAsync(arguments, (store, _) => RunAsync(arguments, store, cancellationToken)));
        return command;
    }

    private static ScanId ParseId(ArgumentResult result)
    {
        if (!ScanId.TryParse(result.Tokens[0].Value, out var id))
            result.AddError("The id of a slice has 16 hexadecimal characters.");
        return id;
    }

    private static async Task<int> RunAsync(ParseResult arguments, DataSetStore store, CancellationToken cancellationToken)
    {
        var id = arguments.GetValue(Id);
        if (await store.FindAsync(id, cancellationToken) is null)
        {
            await arguments.InvocationConfiguration.Error.WriteLineAsync($"There is no training slice {id}: `data list --slices` tells which there are.");
            return ExitCodes.Failure;
        }
        var data = await store.ReadAsync(cancellationToken);
        var shown = data.Slices.Zip(data.Data.Slices, (slice, entry) => new ShownSlice(slice, entry.Group, data.Locked.Contains(slice.Id)))
            .First(shown => shown.Slice.Id == id);
        if (arguments.GetValue(OverlayFile) is { } file)
            await File.WriteAllBytesAsync(file, await DrawAsync(store, shown.Slice, cancellationToken), cancellationToken);
        var output = arguments.InvocationConfiguration.Output;
        if (arguments.GetValue(Json))
            await output.WriteLineAsync(JsonSerializer.Serialize(shown, DataListingJson.Default.ShownSlice));
        else
            Print(DataListCommand.TerminalOf(output), shown);
        return ExitCodes.Success;
    }

    private static async Task<byte[]> DrawAsync(DataSetStore store, TrainingSlice slice, CancellationToken cancellationToken)
    {
        var image = await store.ReadImageAsync(slice.ImageSha256, cancellationToken);
        var mask = MaskPng.Read((await store.ReadMaskAsync(slice.MaskSha256, cancellationToken)).ToMemory());
        return PngWriter.Rgb(Overlay.Draw(AreaResize.Resize(SliceDecoder.Decode(image.ToMemory()).Grey, mask.Width, mask.Height), mask));
    }

    private static void Print(IAnsiConsole terminal, ShownSlice shown)
    {
        var slice = shown.Slice;
        var table = new Table().Border(TableBorder.None).HideHeaders().AddColumn("").AddColumn("");
        void Add(string what, string? value) => table.AddRow(what, Markup.Escape(value ?? "-"));
        Add("id", slice.Id.ToString());
        Add("slice", slice.Name);
        Add("group", shown.Group == slice.Group ? slice.Group : $"{shown.Group} (given as {slice.Group}, with which it shares a picture)");
        Add("locked", shown.Locked ? "yes: no model learns from it" : "no");
        Add("mask", $"{slice.Width} x {slice.Height}, SHA-256 {slice.MaskSha256}");
        foreach (var (pixels, lesion) in slice.ClassPixels.Select((pixels, lesion) => (pixels, lesion)).Skip(1))
            Add($"  {((LesionClass)lesion).Token}", string.Create(CultureInfo.InvariantCulture, $"{pixels:N0} pixels"));
        Add("image", $"SHA-256 {slice.ImageSha256}");
        Add("fingerprint", slice.Picture.Fingerprint);
        Add("origin", string.Create(CultureInfo.InvariantCulture, $"{slice.Origin.Kind}, {slice.Origin.Time:yyyy-MM-dd HH:mm:ss} UTC"));
        foreach (var (what, value) in new[] { ("  source", slice.Origin.Source), ("  upload", slice.Origin.BlobName), ("  model", slice.Origin.ModelVersion), ("  corrected by", slice.Origin.CorrectedBy) })
        {
            if (value is not null)
                Add(what, value);
        }
        terminal.Write(table);
    }
}
