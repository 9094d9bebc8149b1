using CtSeg.Local.FunctionsHost;

namespace CtSeg.Local.Tests.FunctionsHost;

public sealed class FunctionAppTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ctseg-app-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void GivenAnApp_WhenLoaded_ThenSettingsAndFunctionsAreThere()
    {
        Write("host.json", """
            {"customHandler":{"description":{"defaultExecutablePath":"h","arguments":["-x"]},"enableProxyingHttpRequest":true},"functionTimeout":"00:01:30",
             "extensions":{"blobs":{"maxDegreeOfParallelism":3,"poisonBlobThreshold":7},"queues":{"batchSize":2,"maxDequeueCount":4,"maxPollingInterval":"00:00:07","visibilityTimeout":"00:00:09","messageEncoding":"none"},
             "serviceBus":{"maxConcurrentCalls":6,"maxAutoLockRenewalDuration":"00:02:00"},"http":{"routePrefix":"v1"}}}
            """);
        Write("F/function.json", """{"bindings":[{"type":"httpTrigger","direction":"in","name":"req"},{"type":"http","direction":"out","name":"res"}]}""");
        Write("notes/readme.txt", "no function");

        FunctionApp app = Load();

        app.Host.ExecutablePath.ShouldBe("h");
        app.Host.Arguments.ShouldBe(["-x"]);
        app.Host.FunctionTimeout.ShouldBe(TimeSpan.FromSeconds(90));
        (app.Host.BlobParallelism, app.Host.PoisonBlobThreshold, app.Host.QueueBatchSize, app.Host.QueueMaxDequeueCount).ShouldBe((3, 7, 2, 4));
        (app.Host.QueueMaxPollingInterval, app.Host.QueueVisibilityTimeout, app.Host.QueueBase64).ShouldBe((TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(9), false));
        (app.Host.ServiceBusConcurrentCalls, app.Host.ServiceBusLockRenewal, app.Host.RoutePrefix).ShouldBe((6, TimeSpan.FromMinutes(2), "v1"));
        app.Functions.Single().IsProxied(app.Host).ShouldBeTrue();
    }

    [Fact]
    public void GivenNoTimeout_WhenLoaded_ThenItIsFiveMinutes()
    {
        Write("host.json", """{"customHandler":{"description":{"defaultExecutablePath":"h"}}}""");

        HostSettings settings = HostSettings.Read(Path.Combine(_folder.FullName, "host.json"));

        (settings.FunctionTimeout, settings.BlobParallelism, settings.PoisonBlobThreshold).ShouldBe((TimeSpan.FromMinutes(5), 8 * Environment.ProcessorCount, 5));
    }

    [Fact]
    public void GivenMinusOneAsTimeout_WhenLoaded_ThenThereIsNone()
    {
        Write("host.json", """{"customHandler":{"description":{"defaultExecutablePath":"h"}},"functionTimeout":"-1"}""");

        HostSettings.Read(Path.Combine(_folder.FullName, "host.json")).FunctionTimeout.ShouldBeNull();
    }

    [Theory]
    [InlineData(true, """{"type":"http","direction":"out","name":"res"}""", true)]
    [InlineData(false, """{"type":"http","direction":"out","name":"res"}""", false)]
    [InlineData(true, """{"type":"queue","direction":"out","name":"m","queueName":"q"}""", false)]
    [InlineData(true, """{"type":"http","direction":"out","name":"res"},{"type":"queue","direction":"out","name":"m","queueName":"q"}""", false)]
    public void GivenAnHttpTrigger_WhenLoaded_ThenOnlyWithOneHttpOutputAndWhereAskedForItIsProxied(bool enabled, string outputs, bool expected)
    {
        Write("host.json", TestHost.HostJson.Replace("\"enableProxyingHttpRequest\":true", enabled ? "\"enableProxyingHttpRequest\":true" : "\"enableProxyingHttpRequest\":false", StringComparison.Ordinal));
        Write("F/function.json", $$"""{"bindings":[{"type":"httpTrigger","direction":"in","name":"req"},{{outputs}}]}""");

        FunctionApp app = Load();

        app.Functions.Single().IsProxied(app.Host).ShouldBe(expected);
    }

    [Fact]
    public void GivenExponentialBackoff_WhenLoaded_ThenTheDelayDoublesUpToTheMaximum()
    {
        Write("host.json", TestHost.HostJson);
        Write("F/function.json", """{"retry":{"strategy":"exponentialBackoff","maxRetryCount":5,"minimumInterval":"00:00:02","maximumInterval":"00:00:10"},"bindings":[{"type":"timerTrigger","direction":"in","name":"t","schedule":"0 * * * * *"}]}""");

        RetryPolicy retry = Load().Functions.Single().Retry.ShouldNotBeNull();

        Enumerable.Range(1, 5).Select(count => retry.Delay(count).TotalSeconds).ShouldBe([2, 4, 8, 10, 10]);
    }

    [Fact]
    public void GivenNoOptions_WhenTheHostIsStarted_ThenBlobsAreLookedForEvery500Milliseconds()
    {
        HostCommand.Create(serviceBus: null).Parse(["--app", "."]).GetValue<int>("--blob-polling-ms").ShouldBe(500);
        new FunctionsHostOptions { AppRoot = "." }.BlobPollingInterval.ShouldBe(TimeSpan.FromMilliseconds(500));
    }

    [Theory]
    [InlineData("""{"type":"cosmosDBTrigger","direction":"in","name":"x"}""", "cosmosDBTrigger")]
    [InlineData("""{"type":"blob","direction":"in","name":"x"}""", "blob")]
    [InlineData("""{"type":"queue","direction":"out","name":"x","queueName":"q"}""", "0 triggers")]
    [InlineData("""{"type":"timerTrigger","direction":"in","schedule":"0 * * * * *"}""", "no name")]
    public void GivenABindingThatIsNotUnderstood_WhenLoaded_ThenTheMessageNamesIt(string binding, string expected)
    {
        Write("host.json", TestHost.HostJson);
        Write("F/function.json", $$"""{"bindings":[{{binding}}]}""");

        Should.Throw<FunctionAppException>(Load).Message.ShouldContain(expected);
    }

    [Fact]
    public void GivenARetryOnABlobTrigger_WhenLoaded_ThenItIsRefused()
    {
        Write("host.json", TestHost.HostJson);
        Write("F/function.json", """{"retry":{"strategy":"fixedDelay","maxRetryCount":1,"delayInterval":"00:00:01"},"bindings":[{"type":"blobTrigger","direction":"in","name":"b","path":"c/{n}"}]}""");

        Should.Throw<FunctionAppException>(Load).Message.ShouldContain("retry");
    }

    [Theory]
    [InlineData("{}", "defaultExecutablePath")]
    [InlineData("{", "no JSON object")]
    [InlineData("""{"customHandler":{"description":{"defaultExecutablePath":"h"}},"functionTimeout":"soon"}""", "functionTimeout")]
    [InlineData("""{"customHandler":{"description":{"defaultExecutablePath":"h"}},"extensions":{"blobs":{"maxDegreeOfParallelism":0}}}""", "maxDegreeOfParallelism")]
    public void GivenABadHostJson_WhenLoaded_ThenTheMessageSaysWhat(string json, string expected)
    {
        Write("host.json", json);

        Should.Throw<FunctionAppException>(Load).Message.ShouldContain(expected);
    }

    [Fact]
    public void GivenNoHostJson_WhenLoaded_ThenTheMessageSaysSo() => Should.Throw<FunctionAppException>(Load).Message.ShouldContain("host.json is missing");

    [Fact]
    public void GivenPlaceholders_WhenResolved_ThenTheSettingsValueStandsThere()
    {
        AppSettings settings = new(new Dictionary<string, string> { ["Queue"] = "q1" });

        settings.Resolve("%queue%/$deadletterqueue").ShouldBe("q1/$deadletterqueue");
        Should.Throw<FunctionAppException>(() => settings.Resolve("%Other%")).Message.ShouldContain("'Other'");
    }

    [Fact]
    public void GivenLocalSettings_WhenLoaded_ThenTheCallersOverrideThem()
    {
        Write("local.settings.json", """{"Values":{"CTSEG_TEST_ONE":"file","CTSEG_TEST_TWO":"file","Date":"2026-11-23T15:12:06Z"}}""");

        AppSettings settings = AppSettings.Load(_folder.FullName, new Dictionary<string, string> { ["CTSEG_TEST_TWO"] = "caller" });

        (settings.Find("CTSEG_TEST_ONE"), settings.Find("CTSEG_TEST_TWO"), settings.Find("Date")).ShouldBe(("file", "caller", "2026-11-23T15:12:06Z"));
        settings.Find("PATH").ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public void GivenConnections_WhenLookedUp_ThenThePrefixIsOptionalAndAnIdentityOpensThemToo()
    {
        AppSettings settings = new(new Dictionary<string, string>
        {
            ["AzureWebJobsBus"] = "c", ["AzureWebJobsPond__blobServiceUri"] = "https://pond.example/", ["Lake__blobServiceUri"] = "https://lake.example/", ["Lake__queueServiceUri"] = "https://queues.example/",
        });
        HostSettings host = new() { ExecutablePath = "handler" };

        settings.Connection("Bus").Name.ShouldBe("AzureWebJobsBus");
        settings.Connection("Pond").OpenContainer("c").Uri.ShouldBe(new Uri("https://pond.example/c"));
        settings.Connection("Lake").OpenContainer("c").Uri.ShouldBe(new Uri("https://lake.example/c"));
        settings.Connection("Lake").OpenQueue("q", host).Uri.ShouldBe(new Uri("https://queues.example/q"));
        settings.Connection("Lake").ShouldBe(settings.Connection("Lake"));
        Should.Throw<FunctionAppException>(() => settings.Connection("None").OpenContainer("c")).Message.ShouldStartWith("None is not set");
        Should.Throw<FunctionAppException>(() => settings.Connection("Pond").OpenQueue("q", host)).Message.ShouldStartWith("AzureWebJobsPond__queueServiceUri is not set");
    }

    [Fact]
    public void GivenADisabledFunction_WhenLoaded_ThenItIsLeftOut()
    {
        Write("host.json", TestHost.HostJson);
        Write("F/function.json", """{"bindings":[{"type":"httpTrigger","direction":"in","name":"req"}]}""");
        Write("G/function.json", """{"disabled":true,"bindings":[{"type":"httpTrigger","direction":"in","name":"req"}]}""");

        Load().Functions.Single().Name.ShouldBe("F");
    }

    [Theory]
    [InlineData("slices/{name}", "case1/a.dcm", "name=case1/a.dcm")]
    [InlineData("slices/in/{case}/{name}.dcm", "in/c1/a.dcm", "case=c1;name=a")]
    [InlineData("slices/in/{name}.dcm", "in/a.png", null)]
    [InlineData("slices/in/{name}.dcm", "in/axdcm", null)]
    public void GivenAPath_WhenMatched_ThenThePlaceholdersHaveValues(string path, string blob, string? expected)
    {
        IReadOnlyList<KeyValuePair<string, string>>? values = new BlobPath(path).Match(blob);

        (values is null ? null : string.Join(';', values.Select(pair => $"{pair.Key}={pair.Value}"))).ShouldBe(expected);
    }

    private FunctionApp Load() => FunctionApp.Load(_folder.FullName, new Dictionary<string, string>());

    private void Write(string path, string text)
    {
        string file = Path.Combine(_folder.FullName, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
