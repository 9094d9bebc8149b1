using System.CommandLine;
using System.Text.Json;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Imaging;
using CtSeg.Segmentation;
using CtSeg.Testing;
using CtSeg.TrainingJob.DataSets;

namespace CtSeg.TrainingJob.Tests.DataSets;

/// <summary>`data` as it is typed, on real storage.</summary>
public sealed class DataCommandTests(AzuriteFixture azurite)
{
    private const int Width = 40, Height = 30;
    private string? _connection;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Given_ADataFolder_When_ImportedTwice_Then_AddedOnceAndCountedByList()
    {
        _connection = await azurite.NewAccountAsync();
        using var folder = new TemporaryFolder();
        var names = WriteFolder(folder, ("s1", "g08"), ("s2", "g08"), ("s3", "g01"));

        var (dry, output, _) = await RunAsync("import", folder.Path, "--dry-run");
        dry.ShouldBe(0);
        output.ShouldContain("3 added, 0 replaced, 0 unchanged, 0 refused (dry run: nothing was written)");
        (await BlobsAsync()).ShouldBe(0);
        var (first, added, errors) = await RunAsync("import", folder.Path);
        (first, errors).ShouldBe((0, ""));
        added.ShouldContain("s1: added");
        added.ShouldContain("3 added, 0 replaced, 0 unchanged, 0 refused");
        (await RunAsync("import", folder.Path)).Output.ShouldContain("0 added, 0 replaced, 3 unchanged, 0 refused");
        WriteMask(folder, "s2", label: 3);
        (await RunAsync("import", folder.Path)).Output.ShouldContain("0 added, 1 replaced, 2 unchanged, 0 refused");

        var (_, json, _) = await RunAsync("list", "--json", "--slices");
        using var listing = JsonDocument.Parse(json);
        var root = listing.RootElement;
        // g08 is locked at the default rule, g01 is not.
        Count(root.GetProperty("all")).ShouldBe((3, 2, 2, 1));
        root.GetProperty("classes").EnumerateArray().Select(one => (one.GetProperty("name").GetString(), Count(one.GetProperty("count")))).ShouldBe(
            [("ground-glass-opacity", (2, 2, 1, 1)), ("consolidation", (0, 0, 0, 0)), ("pleural-effusion", (1, 1, 1, 1))]);
        root.GetProperty("origins")[0].GetProperty("kind").GetString().ShouldBe("import");
        root.GetProperty("groups").EnumerateArray().Select(group => (group.GetProperty("group").GetString(), group.GetProperty("locked").GetBoolean())).ShouldBe([("g01", false), ("g08", true)]);
        root.GetProperty("slices").EnumerateArray().Select(slice => slice.GetProperty("name").GetString()!).Order(StringComparer.Ordinal).ShouldBe(names);
        var (_, table, _) = await RunAsync("list");
        table.ShouldContain("3 slices of 2 groups; 2 slices of 1 groups are locked");
        table.ShouldNotContain("s1");
    }

    [Fact]
    public async Task Given_SlicesThatCannotBeUsed_When_Imported_Then_RefusedWithReasonsAndTheOthersAreIn()
    {
        _connection = await azurite.NewAccountAsync();
        using var folder = new TemporaryFolder();
        WriteFolder(folder, ("good", "g"), ("no-picture", "g"), ("no-file", "g"), ("no-class", "g"), ("other-shape", "g"), ("no-group", " "), ("twice", "g"), ("../out", "g"));
        File.AppendAllLines(folder["slices.csv"], ["twice,g"]);
        File.WriteAllText(Path.Combine(folder["images"], "no-picture.png"), "text");
        File.Delete(Path.Combine(folder["masks"], "no-file.png"));
        WriteMask(folder, "no-class", label: 4);
        File.WriteAllBytes(Path.Combine(folder["masks"], "other-shape.png"), PngWriter.Grey(new GreyImage(10, 10, new byte[100])));

        var (exit, output, errors) = await RunAsync("import", folder.Path);

        exit.ShouldBe(1);
        output.ShouldContain("1 added, 0 replaced, 0 unchanged, 8 refused");
        var lines = errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(8);
        foreach (var (name, says) in new[]
                 {
                     ("no-picture", "not a PNG, JPEG or TIFF"), ("no-file", "no-file.png"), ("no-class", "value 4"), ("other-shape", "10 x 10"), ("no-group", "no group"),
                     ("twice", "more than once"), ("../out", "not a file name"),
                 })
            lines.ShouldContain(line => line.StartsWith($"{name}: refused: ", StringComparison.Ordinal) && line.Contains(says, StringComparison.Ordinal), name);
    }

    [Fact]
    public async Task Given_TwoVolumes_When_Imported_Then_GreyThroughTheWindowAndTheMaskOfTheSameSlice()
    {
        _connection = await azurite.NewAccountAsync();
        using var folder = new TemporaryFolder();
        var (images, masks) = WriteVolumes(folder, slices: 3);

        var (exit, output, errors) = await RunAsync("import", images, masks);

        exit.ShouldBe(0);
        output.ShouldContain("3 added");
        errors.ShouldStartWith("WARNING: Every slice becomes a group of its own");
        var store = Store();
        var slices = (await store.ListAsync(Stop).ToListAsync(Stop)).OrderBy(slice => slice.Name, StringComparer.Ordinal).ToList();
        slices.Select(slice => (slice.Name, slice.Group, slice.Origin.Source)).ShouldBe(
            [("tr_im-001", "tr_im-001", "tr_im.nii.gz"), ("tr_im-002", "tr_im-002", "tr_im.nii.gz"), ("tr_im-003", "tr_im-003", "tr_im.nii.gz")]);
        var grey = SliceDecoder.Decode((await store.ReadImageAsync(slices[1].ImageSha256, Stop)).ToMemory()).Grey;
        (grey.Width, grey.Height).ShouldBe((Width, Height));
        // Values of the second slice: -1000 at the first pixel, 130 at the next, -510 at the first of the second row; by hand 30, 255 and 128.
        (grey.Pixels[0], grey.Pixels[1], grey.Pixels[Width]).ShouldBe(((byte)30, (byte)255, (byte)128));
        var labels = MaskPng.Read((await store.ReadMaskAsync(slices[1].MaskSha256, Stop)).ToMemory()).Labels;
        labels.Index().Where(label => label.Item != 0).ShouldBe([(Index: 2, Item: (byte)2)]);
        (await RunAsync("import", images, masks)).Output.ShouldContain("3 unchanged");
    }

    [Fact]
    public async Task Given_AVolumeThatLiesOnItsSide_When_ImportedWithATurn_Then_UprightAndInPlaceOfTheFirst()
    {
        _connection = await azurite.NewAccountAsync();
        using var folder = new TemporaryFolder();
        var (images, masks) = WriteVolumes(folder, slices: 2);
        File.WriteAllLines(folder["groups.csv"], ["slice,patient", "1,p 1", "2,p 2"]);
        await RunAsync("import", images, masks, "--group", "one");
        var (exit, output, errors) = await RunAsync("import", images, masks, "--groups", folder["groups.csv"], "--group-column", "patient", "--rotate", "90");

        (exit, errors).ShouldBe((0, ""));
        output.ShouldContain("0 added, 2 replaced");
        var store = Store();
        var slice = (await store.ListAsync(Stop).ToListAsync(Stop)).Single(slice => slice.Group == "p 2");
        (slice.Width, slice.Height).ShouldBe((Height, Width));
        var grey = SliceDecoder.Decode((await store.ReadImageAsync(slice.ImageSha256, Stop)).ToMemory()).Grey;
        // Clockwise by a quarter: the first pixel comes to the end of the first row, the next below it.
        (grey.Pixels[Height - 1], grey.Pixels[2 * Height - 1]).ShouldBe(((byte)30, (byte)255));
        MaskPng.Read((await store.ReadMaskAsync(slice.MaskSha256, Stop)).ToMemory()).Labels[3 * Height - 1].ShouldBe((byte)2);

        var (_, json, _) = await RunAsync("show", slice.Id.ToString(), "--json", "--overlay", folder["o.png"]);
        using var shown = JsonDocument.Parse(json);
        shown.RootElement.GetProperty("slice").GetProperty("name").GetString().ShouldBe("tr_im-002");
        shown.RootElement.GetProperty("group").GetString().ShouldBe("p 2");
        var overlay = SliceDecoder.Decode(File.ReadAllBytes(folder["o.png"]));
        (overlay.Grey.Width, overlay.Grey.Height, overlay.Channels).ShouldBe((Height, Width, 3));
        (await RunAsync("show", slice.Id.ToString())).Output.ShouldContain("tr_im-002");
        (await RunAsync("show", "0011223344556677")).ShouldSatisfyAllConditions(
            one => one.Exit.ShouldBe(1), one => one.Errors.ShouldContain("There is no training slice 0011223344556677"));
    }

    [Fact]
    public async Task Given_VolumesThatSayHowTheyLie_When_Imported_Then_FrontAboveAndRightOnTheLeftUnlessATurnIsGiven()
    {
        _connection = await azurite.NewAccountAsync();
        using var folder = new TemporaryFolder();
        float[] ras = [1, 0, 0, 0, 1, 0, 0, 0, 1];
        var (images, masks) = WriteVolumes(folder, slices: 1, sform: ras);

        var (exit, _, errors) = await RunAsync("import", images, masks, "--group", "one");
        (exit, errors).ShouldBe((0, ""));
        // RAS: the last pixel of the file is the first that is seen.
        var (grey, labels) = await OnlyAsync();
        (grey.Width, grey.Height, grey.Pixels[^1], grey.Pixels[^2], grey.Pixels[^(Width + 1)]).ShouldBe((Width, Height, (byte)30, (byte)255, (byte)128));
        labels.Index().Where(label => label.Item != 0).ShouldBe([(Index: Width * Height - 3, Item: (byte)2)]);

        (await RunAsync("import", images, masks, "--group", "one", "--rotate", "0")).Output.ShouldContain("1 replaced");
        (grey, _) = await OnlyAsync();
        (grey.Pixels[0], grey.Pixels[1]).ShouldBe(((byte)30, (byte)255));
        // Masks whose header was lost lie as the images do.
        NiftiPair.Write(masks, Width, Height, 1, Mask());
        (await RunAsync("import", images, masks, "--group", "one")).Output.ShouldContain("1 replaced");
        (await OnlyAsync()).Grey.Pixels[^1].ShouldBe((byte)30);

        NiftiPair.Write(masks, Width, Height, 1, Mask(), [-1, 0, 0, 0, -1, 0, 0, 0, 1]);
        (await RunAsync("import", images, masks, "--group", "one")).ShouldSatisfyAllConditions(
            one => one.Exit.ShouldBe(1), one => one.Errors.ShouldContain("The images lie RAS, the masks LPS"));
        var (sagittal, _) = WriteVolumes(folder, slices: 1, sform: [0, 0, 1, 1, 0, 0, 0, 1, 0]);
        NiftiPair.Write(masks, Width, Height, 1, Mask());
        (await RunAsync("import", sagittal, masks, "--group", "one")).ShouldSatisfyAllConditions(
            one => one.Exit.ShouldBe(1), one => one.Errors.ShouldContain("The volumes lie ASR, so that their slices are not axial"));
        (await RunAsync("import", sagittal, masks, "--group", "one", "--flip")).Exit.ShouldBe(0);
        WriteVolumes(folder, slices: 1);
        (await RunAsync("import", images, masks, "--group", "one")).Errors.ShouldStartWith("WARNING: The volumes do not say how they lie");

        byte[] Mask()
        {
            var mask = new byte[Width * Height];
            mask[2] = 2;
            return mask;
        }
        async Task<(GreyImage Grey, byte[] Labels)> OnlyAsync()
        {
            var slice = (await Store().ListAsync(Stop).ToListAsync(Stop)).ShouldHaveSingleItem();
            return (SliceDecoder.Decode((await Store().ReadImageAsync(slice.ImageSha256, Stop)).ToMemory()).Grey,
                MaskPng.Read((await Store().ReadMaskAsync(slice.MaskSha256, Stop)).ToMemory()).Labels);
        }
    }

    [Fact]
    public async Task Given_VolumesWithSlicesThatCannotBeUsed_When_Imported_Then_TheOthersAreIn()
    {
        _connection = await azurite.NewAccountAsync();
        using var folder = new TemporaryFolder();
        var (images, masks) = WriteVolumes(folder, slices: 4, (values, labels) =>
        {
            values[5] = float.NaN;
            labels[(Width * Height) + 1] = 4;
        });
        File.WriteAllLines(folder["groups.csv"], ["slice,group", "1,a", "2,b", "4,d"]);

        var (exit, output, errors) = await RunAsync("import", images, masks, "--groups", folder["groups.csv"]);

        exit.ShouldBe(1);
        output.ShouldContain("1 added, 0 replaced, 0 unchanged, 3 refused");
        errors.ShouldContain("tr_im-001: refused: The slice holds NaN at column 6 of row 1");
        errors.ShouldContain("tr_im-002: refused: its mask holds 4 at column 2 of row 1");
        errors.ShouldContain("tr_im-003: refused: the file of groups gives it no group");
    }

    [Fact]
    public async Task Given_VolumesThatCannotBeRead_When_Imported_Then_OneSentenceAndWhatWasReachedIsIn()
    {
        _connection = await azurite.NewAccountAsync();
        using var folder = new TemporaryFolder();
        var (images, masks) = WriteVolumes(folder, slices: 3);
        NiftiPair.Write(folder["small.nii"], Width, Height, 2, new byte[Width * Height * 2]);
        var whole = File.ReadAllBytes(masks);
        File.WriteAllBytes(folder["cut.nii"], whole[..^10]);

        (await RunAsync("import", images, folder["small.nii"])).ShouldSatisfyAllConditions(
            one => one.Exit.ShouldBe(1), one => one.Errors.ShouldBe("The images have 40 x 30 x 3 values, the masks 40 x 30 x 2: give the masks of these images." + Environment.NewLine));
        (await RunAsync("import", folder["missing.nii"], masks)).ShouldSatisfyAllConditions(one => one.Exit.ShouldBe(1), one => one.Errors.ShouldContain("missing.nii"));
        (await RunAsync("import", images, folder.Path)).Exit.ShouldBe(1);
        (await BlobsAsync()).ShouldBe(0);
        (await RunAsync("import", images, folder["cut.nii"], "--group", "g")).ShouldSatisfyAllConditions(
            one => one.Exit.ShouldBe(1),
            one => one.Output.ShouldContain("2 added, 0 replaced, 0 unchanged, 0 refused; 1 of 3 slices were not reached"),
            one => one.Errors.ShouldContain("it ends within slice 3 of 3"));
    }

    [Theory]
    [InlineData("import")]
    [InlineData("import", "a", "b", "c")]
    [InlineData("import", "folder", "--rotate", "90")]
    [InlineData("import", "folder", "--group", "g")]
    [InlineData("import", "a", "b", "--rotate", "45")]
    [InlineData("import", "a", "b", "--group", " ")]
    [InlineData("import", "a", "b", "--group", "g", "--groups", "f")]
    [InlineData("show", "abc")]
    public void Given_AWrongCommandLine_When_Parsed_Then_Refused(params string[] arguments) =>
        DataCommand.Create(_ => null, TimeProvider.System).Parse(arguments).Errors.ShouldNotBeEmpty();

    [Fact]
    public async Task Given_NoStorage_When_Asked_Then_OneSentence()
    {
        (await RunAsync("list")).ShouldBe((2, "", "SlicesStorage is not set: set the environment variable SlicesStorage to a connection string, or SlicesStorage__blobServiceUri to an address that is entered with the identity of the process." + Environment.NewLine));
        _connection = "nonsense";
        (await RunAsync("list")).ShouldSatisfyAllConditions(one => one.Exit.ShouldBe(2), one => one.Errors.ShouldContain("SlicesStorage cannot be read"));
        _connection = await azurite.NewAccountAsync();
        await new BlobServiceClient(_connection).DeleteBlobContainerAsync(Containers.TrainingData, cancellationToken: Stop);
        (await RunAsync("list")).ShouldSatisfyAllConditions(one => one.Exit.ShouldBe(1), one => one.Errors.ShouldContain("(ContainerNotFound)"));
        using var folder = new TemporaryFolder();
        (await RunAsync("import", folder.Path)).ShouldSatisfyAllConditions(one => one.Exit.ShouldBe(1), one => one.Errors.ShouldContain("slices.csv"));
    }

    [Fact]
    public async Task Given_ADamagedDocument_When_Listed_Then_ItIsToldAndTheOthersAreCounted()
    {
        _connection = await azurite.NewAccountAsync();
        using var folder = new TemporaryFolder();
        WriteFolder(folder, ("s1", "g"));
        await RunAsync("import", folder.Path);
        await new BlobServiceClient(_connection).GetBlobContainerClient(Containers.TrainingData).GetBlobClient("slices/0011223344556677.json").UploadAsync(BinaryData.FromString("{"), Stop);

        var (exit, json, errors) = await RunAsync("list", "--json");

        exit.ShouldBe(0);
        errors.ShouldContain("training-data/slices/0011223344556677.json is left out");
        using var listing = JsonDocument.Parse(json);
        listing.RootElement.GetProperty("damaged")[0].GetString().ShouldBe("training-data/slices/0011223344556677.json");
        listing.RootElement.GetProperty("all").GetProperty("slices").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task Given_ImportedSlices_When_LoadedForTraining_Then_AsTheFolderGivesThemButNamedByTheirIds()
    {
        _connection = await azurite.NewAccountAsync();
        using var folder = new TemporaryFolder();
        WriteFolder(folder, ("s1", "a"), ("s2", "b"), ("s3", "c"));
        await RunAsync("import", folder.Path);
        var store = Store();
        var data = await store.SnapshotAsync(Stop);

        var loaded = await LabelledSlices.LoadAsync(store, data.Slices, Stop);

        loaded.Select(slice => slice.Name).ShouldBe(data.Slices.Select(slice => slice.Id.ToString()));
        var files = CtSeg.TrainingJob.Training.TrainingData.Load(folder.Path).Slices;
        foreach (var (slice, file) in loaded.OrderBy(slice => slice.Group, StringComparer.Ordinal).Zip(files.OrderBy(slice => slice.Group, StringComparer.Ordinal)))
        {
            slice.Group.ShouldBe(file.Group);
            slice.Image.Pixels.ShouldBe(file.Image.Pixels);
            slice.Mask.Labels.ShouldBe(file.Mask.Labels);
        }
        var container = new BlobServiceClient(_connection).GetBlobContainerClient(Containers.TrainingData);
        await container.GetBlobClient(BlobPaths.TrainingImage(data.Slices[1].ImageSha256)).UploadAsync(BinaryData.FromString("damaged"), overwrite: true, Stop);
        var damaged = (await Should.ThrowAsync<DamagedDataException>(() => LabelledSlices.LoadAsync(store, data.Slices, Stop))).Message;
        damaged.ShouldContain(data.Slices[1].ImageSha256);
        damaged.ShouldEndWith($"'data forget --scan {data.Slices[1].Id}'.");
        var unreadable = data.Slices[0] with { MaskSha256 = await UploadAsync(container, "no mask") };
        (await Should.ThrowAsync<DamagedDataException>(() => LabelledSlices.LoadAsync(store, [unreadable], Stop))).Message.ShouldContain(unreadable.Id.ToString());
    }

    private static async Task<string> UploadAsync(BlobContainerClient container, string mask)
    {
        var hash = ContentHash.Of(System.Text.Encoding.UTF8.GetBytes(mask));
        await container.GetBlobClient(BlobPaths.TrainingMask(hash)).UploadAsync(BinaryData.FromString(mask), Stop);
        return hash;
    }

    private async Task<(int Exit, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using StringWriter output = new(), errors = new();
        var command = DataCommand.Create(name => name == Connections.Slices ? _connection : null, TimeProvider.System);
        var exit = await command.Parse(arguments).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output, Error = errors }, Stop);
        return (exit, output.ToString(), errors.ToString());
    }

    private DataSetStore Store() => new(new BlobServiceClient(_connection), TimeProvider.System);

    private async Task<int> BlobsAsync() => await new BlobServiceClient(_connection).GetBlobContainerClient(Containers.TrainingData)
        .GetBlobsAsync(new Azure.Storage.Blobs.Models.GetBlobsOptions(), Stop).CountAsync(Stop);

    private static (int Slices, int Groups, int LockedSlices, int LockedGroups) Count(JsonElement count) => (
        count.GetProperty("slices").GetInt32(), count.GetProperty("groups").GetInt32(), count.GetProperty("lockedSlices").GetInt32(), count.GetProperty("lockedGroups").GetInt32());

    private static List<string> WriteFolder(TemporaryFolder folder, params (string Name, string Group)[] slices)
    {
        Directory.CreateDirectory(folder["images"]);
        Directory.CreateDirectory(folder["masks"]);
        foreach (var (name, i) in slices.Where(slice => Path.GetFileName(slice.Name) == slice.Name).Select((slice, i) => (slice.Name, i)))
        {
            File.WriteAllBytes(Path.Combine(folder["images"], name + ".png"), PngWriter.Grey(new GreyImage(Width, Height, Blotches(i + 1))));
            WriteMask(folder, name, label: 1);
        }
        File.WriteAllLines(folder["slices.csv"], slices.Select(slice => $"{slice.Name},{slice.Group}").Prepend("slice,group"));
        return [.. slices.Select(slice => slice.Name)];
    }

    private static byte[] Blotches(int seed)
    {
        var few = new byte[100];
        new Random(seed).NextBytes(few);
        return CtSeg.Preprocessing.AreaResize.Resize(new GreyImage(10, 10, few), Width, Height).Pixels;
    }

    private static void WriteMask(TemporaryFolder folder, string name, byte label)
    {
        var labels = new byte[Width * Height];
        labels.AsSpan(50, 20).Fill(label);
        File.WriteAllBytes(Path.Combine(folder["masks"], name + ".png"), PngWriter.Grey(new GreyImage(Width, Height, labels)));
    }

    private static (string Images, string Masks) WriteVolumes(
        TemporaryFolder folder, int slices, Action<float[], byte[]>? change = null, float[]? sform = null)
    {
        var (values, labels) = (new float[Width * Height * slices], new byte[Width * Height * slices]);
        for (var slice = 0; slice < slices; slice++)
        {
            var at = slice * Width * Height;
            foreach (var (i, grey) in Blotches(slice + 1).Index())
                values[at + i] = -1000 + grey * 4;
            (values[at], values[at + 1], values[at + Width]) = (-1000, 130, -510);
            labels[at + 2] = 2;
        }
        change?.Invoke(values, labels);
        NiftiPair.Write(folder["tr_im.nii.gz"], Width, Height, slices, values, sform);
        NiftiPair.Write(folder["tr_mask.nii"], Width, Height, slices, labels, sform);
        return (folder["tr_im.nii.gz"], folder["tr_mask.nii"]);
    }
}
