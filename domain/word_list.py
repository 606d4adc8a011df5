"""The 1,024 words that an invitation code or a check is read out in: ten bits each.

They are common and friendly, told apart by their first four letters, and no two differ by a single letter, so that
a code survives a phone call. Their order is part of every code: a word is never moved, replaced or removed.
"""

_WORDS = """
abacus acacia acorn acrobat actor admire agate agenda agile aglow airport airship album alcove alder almanac
almond alpaca alpine anagram anchor angle animal annual anorak answer antenna antique antler apiary apple
apricot apron aquatic arcade arena aroma artist ashore aspen aster athlete atlas atom attic auburn audio
august aurora autumn avenue avocado awake azalea azure badge bagel bagpipe baker balance balcony ballad
bamboo banana banjo banner banquet barley barrel basil basket bassoon batik bauble beacon beam beehive
begonia belt bento beret bicycle bike bingo biology biplane birch biscuit blanket blazer blend blink bliss
bloom blossom blouse bluejay boat bobcat bobsled bonfire bonnet bonsai bonus bookend botany bottle bouquet
bracket braid bramble branch brass brave breeze brick bridge bright broad bronze brook brush bubble bucket
buffet buggy bugle bulb bumper bundle bunting burrow button cabbage cabin cable cactus cafe calm camel
campus canal candle canoe canyon caramel cargo carpet cartoon carve cascade cashew castle catkin cavern
cedar celery cello ceramic chain chalk chamber channel chapter charade cheese chess chicory chimney chip
chisel choice chorus chowder chutney cinema circle citrus city clarity classic cliff climb clock cloth cloud
clover coast cobalt cobble cobweb coconut coffee coin collage column comb comet comfort comic compass
concert conifer cookie copper coral corner cosmos cottage couch country cowbell coyote cradle craft crater
crayon cream crest crew cricket crimson crisp crocus crouton crowd crumb crystal cube cuckoo cumin cupcake
curious curry curtain cushion custard cutlery cycle cypress daisy dance dapper dawn dazzle decade delta
denim design desk dewdrop diagram dial diamond diary digit dimple dinghy dinner diploma disco dish dogwood
dolphin domino door double dove dozen dragon drama drawer dresser drizzle drum duck dune dustpan duvet
dynamo eagle earring easel echo eclair eclipse editor element ember emblem emerald enamel encore engine
enjoy epic equator eraser estate evening fabric fairway falafel falcon farmer feather fedora fennel fern
ferry fiddle field fiesta figment film finch finder firefly flag flask fleece flipper florist flute foghorn
fondue forest fork fossil fox foyer frame freezer fresco friday friend fringe frisbee frog fruit fudge futon
gadget galaxy gallery game garage garden garlic garnet gateway gazebo gecko gelato gentle geode gerbil
geyser giant gift ginger ginkgo giraffe gizmo glacier glad glass glaze gleeful glen glider glimmer glisten
globe glossy goblet goggle golden golf gondola goose gopher gorge gourmet grace granite grapes gravel green
griddle grocer grotto grove guava guest guide guitar gumboot gumdrop habitat haiku hairpin hallway hamlet
hammock hamper hamster handy happy harmony harp harvest hat hawk hayloft hayride hazel helium helmet herald
heron hexagon hideout hiker hill hinge hippo hobby hockey holiday honest hope horizon hotcake hotel house
humming iceberg icicle igloo iguana imagine impala indigo inkwell iris iron island ivory ivy jacket jaguar
january jasmine jasper jazz jeans jelly jester jetty jewel jigsaw jingle jogger joker journal joyful jubilee
juggle juice jukebox july jump juniper kale karate kayak kazoo kebab ketchup kettle keyhole keynote kimono
kindly kiosk kitchen kite kitten kiwi koala kumquat lace ladder ladle ladybug lagoon lamp lantern lanyard
lapel laptop larch large lark lattice laugh laundry laurel lava layer leaf ledge lemon lemur lentil leopard
library light lilac lily linden lion liquid lizard loafer lobster lotus lounge lullaby lumber lunar lunch
macaw machine magenta magic magnet magpie mailbox mallet mammoth mango mansion map maple marble margin
marina market marmot marvel mascot mayfly maypole meadow meerkat mellow melody merlin meteor mica midday
mild mimosa mindful minibus minnow mint mirror misty mocha modest monday monkey monsoon month moon mosaic
moss motor movie muffin mug museum music myrtle mystery napkin narwhal nature nectar neon nest nimble ninety
noodle notable notepad novel nozzle nutmeg nylon oasis oatcake oatmeal oboe ocean ocelot octave october
offbeat office okra olive onion onstage onyx opal opera optic orange orbit orchard oregano origami oriole
ornate osprey ostrich otter outdoor outlook oven owl oxygen oyster ozone paddle padlock painter palace
pancake panda panther papaya paper paprika parasol parcel parka parrot parsley passage pasta patch pathway
pattern peacock peanut pearl pebble pecan pelican pencil penguin pennant penpal peony pepper pergola pesto
petunia pewter phone piano piccolo pickle picnic picture pigeon piglet pinball pine pitcher pixel pizza
plaid planet plaster plateau playful plaza plenty pliers plume plush plywood pocket podium poem polenta
pollen polo polygon poncho pontoon popcorn poplar porch portal potato pottery powder prairie pretzel prism
prize pudding pulley pumpkin puppet purple puzzle pyramid quail quartet quiche quill quince quiz quokka
quote rabbit radiant rafter ragtime railway rainbow raisin ranger rattle raven ravine reader recipe redwood
reef regal relay reply rhubarb ribbon rice ripcord ripple river roadway robin robot rodeo roof rooster
rosebud rowan rowboat royal rudder rugby ruler rumba runner russet rustic safari saffron sailor salad salmon
salsa salt samba sandal sapling saturn saucer sawdust sawmill scarf scholar science scooter scout screen
scroll sculpt seafood season seaweed seesaw sesame shadow shampoo sheep shelf sherbet shine shirt shoebox
shovel shrimp shrub shuttle sidecar sienna sierra signal silk silver sincere sing skate sketch skiff skillet
skipper skylark sleeve smile smooth snack snail snappy sneaker snorkel snow snuggle soap soccer sock soda
sonata sorbet soybean spaniel sparrow spatula speckle spice spinach spiral splash sponge spoon sport spring
sprout spruce square squeak squid stadium staple starlit station steady stellar stereo stew sticker stone
stopper story straw stream stripe strong strudel studio subway sugar summer sunbeam sundial sunlit sunny
sunrise sunset superb supper surface sushi swallow swan swim swirl syrup taco tadpole tandem tapioca taproot
tartan taxi teabag teacher teapot tennis terrace texture thicket thimble think thirty thistle thread thrive
thunder tiger tinsel tiptoe toaster tofu tomato toolbox topaz topiary topsail toucan tower tractor train
tram trapeze treble tree trellis trio tripod trivia trolley trophy trout truck truffle trumpet trusty tuba
tugboat tulip tumbler tundra tunic tunnel turbine turnip turtle tutor tuxedo tweed twinkle unicorn upland
upriver utensil valley valve vanilla varnish vase velvet venture village vinegar vintage vinyl violet visor
vivid voice volcano voyage waffle wagon walker wallaby walnut walrus waltz warbler wavelet weaver weekend
welcome wheat whimsy whippet whisk whittle wicker widget wiggle willow window winter wisdom wombat wonder
wonton woodcut wool workday wren yacht yarn year yodel yoga zebra zero zigzag zinnia zipper zoology
"""

WORDS: tuple[str, ...] = tuple(_WORDS.split())
