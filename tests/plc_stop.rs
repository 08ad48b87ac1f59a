//! A PLC in STOP, over the wire: the soft PLCs of the simulator refuse, the controller loses them and says why.

mod common;

use common::{Plant, until};

#[test]
fn a_plc_in_stop_is_lost_with_its_own_reason_and_comes_back_by_itself_without_starting_anything() {
    let plant = Plant::settled("running");
    for (device, word) in
        [("PLC-300", "(Modbus exception 4, server device failure)"), ("RF-300", "(BadInvalidState)")]
    {
        plant.run(&["sim", "fault", "plc-stop", &format!("device={device}")]);
        let trouble = until("the System page says why", || {
            let troubles = plant.frame().system.link_troubles;
            troubles.into_iter().find(|trouble| trouble.device == device)
        });
        assert!(trouble.text.contains(word), "{device}: {}", trouble.text);
        let link = format!("{device}.LINK");
        until("the scan has it too", || (plant.value(&link).0 == 0.0).then_some(()));
    }
    let status = plant.run(&["sim", "status"]);
    assert_eq!(status.matches("in STOP, outputs at their fail positions").count(), 2, "{status}");
    until("the interlock has what it can reach", || (plant.value("RF-301.CMD").0 == 0.0).then_some(()));

    plant.run(&["sim", "clear", "all"]);
    until("all links are back", || {
        let system = plant.frame().system;
        (system.links_up == system.links && system.link_troubles.is_empty()).then_some(())
    });
    for tag in ["P-311.CMD", "P-321.CMD", "RF-301.CMD"] {
        assert_eq!(plant.value(tag).0, 0.0, "{tag}");
    }
}
