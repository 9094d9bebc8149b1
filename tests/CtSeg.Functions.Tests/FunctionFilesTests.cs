using System.Text.Json;
using CtSeg.Contracts;

namespace CtSeg.Functions.Tests;

/// <summary>The files that the host reads, as they lie in the output.</summary>
public sealed class FunctionFilesTests
{
    public static TheoryData<string, string, string> Triggers => new()
    {
        { PreprocessSliceTrigger.Name, "blobTrigger", PreprocessSliceTrigger.SliceBinding },
        { AcceptCorrectionTrigger.Name, "blobTrigger", AcceptCorrectionTrigger.MaskBinding },
        { RecordPoisonedSliceTrigger.Name, "queueTrigger", RecordPoisonedSliceTrigger.MessageBinding },
        { RecordDeadLettersTrigger.Name, "serviceBusTrigger", RecordDeadLettersTrigger.MessageBinding },
        { TakeUploadTrigger.Name, "serviceBusTrigger", TakeUploadTrigger.UploadBinding },
        { RecordLostUploadTrigger.Name, "serviceBusTrigger", RecordLostUploadTrigger.UploadBinding },
        { ReconcileScansTrigger.Name, "timerTrigger", ReconcileScansTrigger.TimerBinding },
        { ListScansEndpoint.Name, "httpTrigger", "req" },
        { GetScanEndpoint.Name, "httpTrigger", "req" },
        { ListModelsEndpoint.Name, "httpTrigger", "req" },
        { GetCorrectionEndpoint.Name, "httpTrigger", "req" },
        { GetHealthEndpoint.Name, "httpTrigger", "req" },
        { ScheduleRetrainingTrigger.Name, "timerTrigger", ScheduleRetrainingTrigger.TimerBinding },
        { ReconcileTrainingRunsTrigger.Name, "timerTrigger", ReconcileTrainingRunsTrigger.TimerBinding },
        { StartTrainingRunTrigger.Name, "httpTrigger", StartTrainingRunTrigger.HttpBinding },
        { ListTrainingRunsEndpoint.Name, "httpTrigger", "req" },
        { GetTrainingRunEndpoint.Name, "httpTrigger", "req" },
    };

    [Theory]
    [MemberData(nameof(Triggers))]
    public void Given_Function_When_Read_Then_OneTriggerUnderTheNameTheCodeKnows(string function, string type, string binding)
    {
        var triggers = Bindings(function).Where(b => Text(b, "type").EndsWith("Trigger", StringComparison.Ordinal)).ToList();
        triggers.Count.ShouldBe(1);
        (Text(triggers[0], "type"), Text(triggers[0], "name"), Text(triggers[0], "direction")).ShouldBe((type, binding, "in"));
    }

    [Fact]
    public void Given_Output_When_Listed_Then_ExactlyTheFunctionsOfTheCode() =>
        Directory.GetFiles(AppContext.BaseDirectory, "function.json", SearchOption.AllDirectories)
            .Select(file => Path.GetFileName(Path.GetDirectoryName(file)!)).Order()
            .ShouldBe(Triggers.Select(row => row.Data.Item1).Order());

    [Theory]
    [InlineData(PreprocessSliceTrigger.Name, Containers.Slices)]
    [InlineData(AcceptCorrectionTrigger.Name, Containers.Corrections)]
    public void Given_BlobTrigger_When_Read_Then_BytesFromItsContainer(string function, string container)
    {
        var trigger = Bindings(function)[0];
        Text(trigger, "path").ShouldBe($"{container}/{{name}}");
        Text(trigger, "dataType").ShouldBe("binary");
        Text(trigger, "source").ShouldBe("LogsAndContainerScan");
        Text(trigger, "connection").ShouldBe(Connections.Slices);
    }

    [Fact]
    public void Given_QueueTriggers_When_Read_Then_NamesOfTheContracts()
    {
        var poison = Bindings(RecordPoisonedSliceTrigger.Name)[0];
        (Text(poison, "queueName"), Text(poison, "connection")).ShouldBe((StorageQueues.PoisonedSlices, Connections.Slices));
        var dead = Bindings(RecordDeadLettersTrigger.Name)[0];
        (Text(dead, "queueName"), Text(dead, "connection")).ShouldBe((Queues.DeadLettersOf(Queues.SegmentationRequests), Connections.ServiceBus));
        var upload = Bindings(TakeUploadTrigger.Name)[0];
        (Text(upload, "queueName"), Text(upload, "connection")).ShouldBe((Queues.UploadEvents, Connections.ServiceBus));
        Text(Bindings(RecordLostUploadTrigger.Name)[0], "queueName").ShouldBe(Queues.DeadLettersOf(Queues.UploadEvents));
        Text(Bindings(ReconcileScansTrigger.Name)[0], "schedule").ShouldBe($"%{Contracts.Settings.ReconcileSchedule}%");
        Text(Bindings(ScheduleRetrainingTrigger.Name)[0], "schedule").ShouldBe($"%{Contracts.Settings.RetrainingSchedule}%");
        Text(Bindings(ReconcileTrainingRunsTrigger.Name)[0], "schedule").ShouldBe($"%{Contracts.Settings.TrainingRunsSchedule}%");
        string[] defaults = [Contracts.Settings.DefaultReconcileSchedule, Contracts.Settings.DefaultRetrainingSchedule, Contracts.Settings.DefaultTrainingRunsSchedule];
        defaults.ShouldAllBe(schedule => schedule.Split(' ', StringSplitOptions.None).Length == 6);
    }

    public static TheoryData<string, string, string> MessageOutputs => new()
    {
        { PreprocessSliceTrigger.Name, PreprocessSliceTrigger.RequestBinding, Queues.SegmentationRequests },
        { TakeUploadTrigger.Name, PreprocessSliceTrigger.RequestBinding, Queues.SegmentationRequests },
        { TakeUploadTrigger.Name, RecordPoisonedSliceTrigger.EndedBinding, Queues.SegmentationCompleted },
        { RecordLostUploadTrigger.Name, RecordPoisonedSliceTrigger.EndedBinding, Queues.SegmentationCompleted },
        { RecordPoisonedSliceTrigger.Name, RecordPoisonedSliceTrigger.EndedBinding, Queues.SegmentationCompleted },
        { RecordDeadLettersTrigger.Name, RecordDeadLettersTrigger.EndedBinding, Queues.SegmentationCompleted },
        { ReconcileScansTrigger.Name, ReconcileScansTrigger.RequestsBinding, Queues.SegmentationRequests },
        { ReconcileScansTrigger.Name, ReconcileScansTrigger.EndedBinding, Queues.SegmentationCompleted },
        { ScheduleRetrainingTrigger.Name, ScheduleRetrainingTrigger.RequestBinding, Queues.TrainingRequests },
        { StartTrainingRunTrigger.Name, StartTrainingRunTrigger.RequestBinding, Queues.TrainingRequests },
        { ReconcileTrainingRunsTrigger.Name, ReconcileTrainingRunsTrigger.RequestsBinding, Queues.TrainingRequests },
        { ReconcileTrainingRunsTrigger.Name, ReconcileTrainingRunsTrigger.EndedBinding, Queues.Alerts },
    };

    [Theory]
    [MemberData(nameof(MessageOutputs))]
    public void Given_MessageOutput_When_Read_Then_QueueOfTheContracts(string function, string binding, string queue)
    {
        var output = Bindings(function).Single(b => Text(b, "name") == binding);
        (Text(output, "type"), Text(output, "direction"), Text(output, "queueName"), Text(output, "connection"))
            .ShouldBe(("serviceBus", "out", queue, Connections.ServiceBus));
        // dataType binary would make the host encode the message.
        output.TryGetProperty("dataType", out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData(ListScansEndpoint.Name, ListScansEndpoint.Route, "function")]
    [InlineData(GetScanEndpoint.Name, GetScanEndpoint.Route, "function")]
    [InlineData(ListModelsEndpoint.Name, ListModelsEndpoint.Route, "function")]
    [InlineData(GetCorrectionEndpoint.Name, GetCorrectionEndpoint.Route, "function")]
    [InlineData(GetHealthEndpoint.Name, GetHealthEndpoint.Route, "anonymous")]
    [InlineData(ListTrainingRunsEndpoint.Name, ListTrainingRunsEndpoint.Route, "function")]
    [InlineData(GetTrainingRunEndpoint.Name, GetTrainingRunEndpoint.Route, "function")]
    public void Given_HttpFunction_When_Read_Then_ProxiedToItsRoute(string function, string route, string level)
    {
        var bindings = Bindings(function);
        bindings.Select(b => Text(b, "type")).ShouldBe(["httpTrigger", "http"]);
        (Text(bindings[0], "route"), Text(bindings[0], "authLevel")).ShouldBe((route, level));
        bindings[0].GetProperty("methods").EnumerateArray().Select(m => m.GetString()).ShouldBe(["get"]);
    }

    [Fact]
    public void Given_StartTrainingRun_When_Read_Then_NeedsAKeyAndIsNotProxied()
    {
        var bindings = Bindings(StartTrainingRunTrigger.Name);
        // With a third binding the host does not proxy.
        bindings.Select(b => Text(b, "type")).ShouldBe(["httpTrigger", "http", "serviceBus"]);
        (Text(bindings[0], "route"), Text(bindings[0], "authLevel")).ShouldBe((StartTrainingRunTrigger.Route, "function"));
        bindings[0].GetProperty("methods").EnumerateArray().Select(m => m.GetString()).ShouldBe(["post"]);
        Text(bindings[1], "name").ShouldBe(StartTrainingRunTrigger.ResponseBinding);
    }

    [Fact]
    public void Given_HostJson_When_Read_Then_StartsThisProgramAndProxies()
    {
        var host = Read("host.json");
        Text(host, "version").ShouldBe("2.0");
        var handler = host.GetProperty("customHandler");
        handler.GetProperty("enableProxyingHttpRequest").GetBoolean().ShouldBeTrue();
        Text(handler.GetProperty("description"), "defaultExecutablePath").ShouldBe("ctseg-functions");
        typeof(FunctionsApp).Assembly.GetName().Name.ShouldBe("ctseg-functions");
        Text(host.GetProperty("extensionBundle"), "id").ShouldBe("Microsoft.Azure.Functions.ExtensionBundle");
        TimeSpan.Parse(Text(host, "functionTimeout"), System.Globalization.CultureInfo.InvariantCulture).ShouldBeGreaterThan(TimeSpan.Zero);
        // The route prefix is left at api: the handler maps it.
        host.GetProperty("extensions").TryGetProperty("http", out _).ShouldBeFalse();
    }

    private static List<JsonElement> Bindings(string function) => [.. Read(Path.Combine(function, "function.json")).GetProperty("bindings").EnumerateArray()];

    private static JsonElement Read(string file) => JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, file))).RootElement;

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString().ShouldNotBeNull();
}
